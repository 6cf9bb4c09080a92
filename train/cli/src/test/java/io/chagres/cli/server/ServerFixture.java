package io.chagres.cli.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.chagres.cli.TinyModel;
import io.chagres.nn.generate.EngineStats;
import io.chagres.nn.generate.Generation;
import io.chagres.nn.generate.LanguageModel;
import io.chagres.nn.generate.SamplingOptions;
import io.chagres.nn.text.chat.ChatTemplate;
import io.chagres.tensor.DType;
import io.chagres.tensor.io.Json;
import io.chagres.tensor.io.JsonNode;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/// A server with a tiny model on loopback, and a client of it.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class ServerFixture {
    static final String COMPLETIONS = "/v1/completions";
    static final String CHAT = "/v1/chat/completions";
    static final String ENDLESS =
            "{'prompt': 'the river', 'max_tokens': 240, 'ignore_eos': true, 'stream': %s}";

    @TempDir static Path folder;

    LanguageModel model;
    ModelServer server;
    HttpClient client;

    @BeforeAll
    void start() throws IOException {
        TinyModel.write(folder);
        // Room for some 24 of 64 requests: others wait, and some give their pages away.
        var options = new LanguageModel.Options("cpu", 2, 2048, Long.MAX_VALUE, 32, 64, DType.F32);
        model = LanguageModel.load(folder, options);
        server = serve(model, "", Duration.ofMinutes(1));
        client = HttpClient.newHttpClient();
    }

    static ModelServer serve(LanguageModel model, String key, Duration timeout) throws IOException {
        return new ModelServer(
                model,
                ChatTemplate.load(folder),
                "127.0.0.1",
                0,
                100_000,
                new ServerOptions("tiny", key, timeout));
    }

    @AfterAll
    void stop() {
        client.close();
        server.close();
        model.close();
    }

    /// Whatever a test did, nothing of it is left in the engine.
    @AfterEach
    void nothingIsLeft() {
        EngineStats stats = settle(s -> s.kvUsedBytes() == 0 && s.running() + s.waiting() == 0);
        assertThat(stats.kvUsedBytes()).isZero();
        assertThat(stats.running() + stats.waiting()).isZero();
    }

    EngineStats settle(Predicate<EngineStats> settled) {
        long deadline = System.nanoTime() + 10_000_000_000L;
        while (!settled.test(model.stats()) && System.nanoTime() < deadline) {
            LockSupport.parkNanos(1_000_000);
        }
        return model.stats();
    }

    HttpRequest.Builder request(ModelServer to, String path) {
        return HttpRequest.newBuilder(
                URI.create("http://127.0.0.1:" + to.address().getPort() + path));
    }

    HttpResponse<String> get(String path) throws Exception {
        return client.send(request(server, path).GET().build(), BodyHandlers.ofString());
    }

    HttpResponse<String> post(String path, String body) throws Exception {
        HttpRequest r =
                request(server, path)
                        .POST(BodyPublishers.ofString(body.replace('\'', '"')))
                        .build();
        return client.send(r, BodyHandlers.ofString());
    }

    JsonNode ok(String path, String body) throws Exception {
        HttpResponse<String> response = post(path, body);
        assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
        return Json.parse(response.body(), "response");
    }

    List<JsonNode> events(String path, String body) throws Exception {
        HttpResponse<String> response = post(path, body);
        assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
        assertThat(response.headers().firstValue("content-type").orElse(""))
                .startsWith("text/event-stream");
        List<String> lines = response.body().lines().filter(l -> !l.isEmpty()).toList();
        assertThat(lines).allMatch(l -> l.startsWith("data: "));
        assertThat(lines.getLast()).isEqualTo("data: [DONE]");
        return lines.subList(0, lines.size() - 1).stream()
                .map(l -> Json.parse(l.substring(6), "event"))
                .toList();
    }

    static JsonNode choice(JsonNode response) {
        return response.list("choices").getFirst();
    }

    Generation offline(String prompt, int tokens) {
        return model.generate(prompt, SamplingOptions.greedy(tokens));
    }
}
