package io.chagres.cli.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

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
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The server as clients see it, on loopback.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ModelServerTest {
    private static final String COMPLETIONS = "/v1/completions";
    private static final String CHAT = "/v1/chat/completions";
    private static final String ENDLESS =
            "{'prompt': 'the river', 'max_tokens': 240, 'ignore_eos': true, 'stream': %s}";

    @TempDir private static Path folder;

    private LanguageModel model;
    private ModelServer server;
    private HttpClient client;

    @BeforeAll
    void start() throws IOException {
        TinyModel.write(folder);
        // Room for some 24 of 64 requests: others wait, and some give their pages away.
        var options = new LanguageModel.Options("cpu", 2, 2048, Long.MAX_VALUE, 32, 64, DType.F32);
        model = LanguageModel.load(folder, options);
        server = serve(model, "", Duration.ofMinutes(1));
        client = HttpClient.newHttpClient();
    }

    private static ModelServer serve(LanguageModel model, String key, Duration timeout)
            throws IOException {
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

    private EngineStats settle(Predicate<EngineStats> settled) {
        long deadline = System.nanoTime() + 10_000_000_000L;
        while (!settled.test(model.stats()) && System.nanoTime() < deadline) {
            LockSupport.parkNanos(1_000_000);
        }
        return model.stats();
    }

    private HttpRequest.Builder request(ModelServer to, String path) {
        return HttpRequest.newBuilder(
                URI.create("http://127.0.0.1:" + to.address().getPort() + path));
    }

    private HttpResponse<String> get(String path) throws Exception {
        return client.send(request(server, path).GET().build(), BodyHandlers.ofString());
    }

    private HttpResponse<String> post(String path, String body) throws Exception {
        HttpRequest r =
                request(server, path)
                        .POST(BodyPublishers.ofString(body.replace('\'', '"')))
                        .build();
        return client.send(r, BodyHandlers.ofString());
    }

    private JsonNode ok(String path, String body) throws Exception {
        HttpResponse<String> response = post(path, body);
        assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
        return Json.parse(response.body(), "response");
    }

    private List<JsonNode> events(String path, String body) throws Exception {
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

    private static JsonNode choice(JsonNode response) {
        return response.list("choices").getFirst();
    }

    private Generation offline(String prompt, int tokens) {
        return model.generate(prompt, SamplingOptions.greedy(tokens));
    }

    @Test
    void completesAText() throws Exception {
        JsonNode response =
                ok(COMPLETIONS, "{'model': 'tiny', 'prompt': 'the sea', 'max_tokens': 9}");
        Generation want = offline("the sea", 9);
        assertThat(response.string("object")).isEqualTo("text_completion");
        assertThat(choice(response).string("text")).isEqualTo(want.text());
        assertThat(choice(response).string("finish_reason")).isEqualTo("length");
        assertThat(choice(response).get("logprobs").isNull()).isTrue();
        JsonNode usage = response.object("usage");
        assertThat(usage.integer("prompt_tokens")).isEqualTo(want.promptTokens());
        assertThat(usage.integer("completion_tokens")).isEqualTo(9);
        JsonNode echo = ok(COMPLETIONS, "{'prompt': 'the sea', 'max_tokens': 9, 'echo': true}");
        assertThat(choice(echo).string("text")).isEqualTo("the sea" + want.text());
    }

    @Test
    void takesPromptsOfEveryForm() throws Exception {
        int[] ids = model.promptIds("the river");
        String list = IntStream.of(ids).boxed().toList().toString();
        for (String prompt : List.of("'the river'", "['the river']", list, "[" + list + "]")) {
            JsonNode r = ok(COMPLETIONS, "{'prompt': " + prompt + ", 'max_tokens': 5}");
            assertThat(choice(r).string("text")).isEqualTo(offline("the river", 5).text());
        }
        JsonNode two = ok(COMPLETIONS, "{'prompt': ['the', 'sea'], 'n': 2, 'max_tokens': 5}");
        assertThat(two.list("choices"))
                .extracting(c -> c.string("text"))
                .containsExactly(
                        offline("the", 5).text(), offline("the", 5).text(),
                        offline("sea", 5).text(), offline("sea", 5).text());
        assertThat(two.list("choices"))
                .extracting(c -> c.integer("index"))
                .containsExactly(0L, 1L, 2L, 3L);
    }

    @Test
    void answersAChat() throws Exception {
        JsonNode response =
                ok(CHAT, "{'messages': [{'role': 'user', 'content': 'hi'}], 'max_tokens': 7}");
        Generation want =
                model.generate(
                        model.tokenizer().encode("<user>hi|<assistant>", false),
                        SamplingOptions.greedy(7),
                        piece -> true);
        assertThat(response.string("object")).isEqualTo("chat.completion");
        JsonNode message = choice(response).object("message");
        assertThat(message.string("role")).isEqualTo("assistant");
        assertThat(message.string("content")).isEqualTo(want.text());
        assertThat(response.object("usage").integer("prompt_tokens"))
                .isEqualTo(want.promptTokens());
    }

    @Test
    void streamsAChat() throws Exception {
        String body =
                "{'messages': [{'role': 'user', 'content': 'hi'}], 'max_completion_tokens': 7%s}";
        String whole = choice(ok(CHAT, body.formatted(""))).object("message").string("content");
        List<JsonNode> events =
                events(
                        CHAT,
                        body.formatted(
                                ", 'stream': true, 'stream_options': {'include_usage': true}"));
        assertThat(events).allMatch(e -> e.string("object").equals("chat.completion.chunk"));
        assertThat(choice(events.getFirst()).object("delta").string("role")).isEqualTo("assistant");
        JsonNode usage = events.getLast();
        assertThat(usage.list("choices")).isEmpty();
        assertThat(usage.object("usage").integer("completion_tokens")).isEqualTo(7);
        List<JsonNode> text = events.subList(0, events.size() - 1);
        assertThat(text).allMatch(e -> e.contains("usage") && e.get("usage").isNull());
        assertThat(choice(text.getLast()).string("finish_reason")).isEqualTo("length");
        StringBuilder joined = new StringBuilder();
        text.forEach(e -> joined.append(choice(e).object("delta").string("content", "")));
        assertThat(joined).hasToString(whole);
    }

    @Test
    void streamsSeveralAnswersAtOnce() throws Exception {
        String body = "{'prompt': 'sea', 'n': 3, 'temperature': 1, 'seed': 5, 'max_tokens': 9%s}";
        List<String> whole =
                ok(COMPLETIONS, body.formatted("")).list("choices").stream()
                        .map(c -> c.string("text"))
                        .toList();
        assertThat(whole).doesNotHaveDuplicates();
        List<StringBuilder> parts =
                List.of(new StringBuilder(), new StringBuilder(), new StringBuilder());
        for (JsonNode event : events(COMPLETIONS, body.formatted(", 'stream': true"))) {
            JsonNode c = choice(event);
            parts.get((int) c.integer("index")).append(c.string("text"));
        }
        assertThat(parts).extracting(StringBuilder::toString).isEqualTo(whole);
        JsonNode alone = ok(COMPLETIONS, body.replace("'n': 3", "'n': 1").formatted(""));
        assertThat(choice(alone).string("text")).isEqualTo(whole.getFirst());
    }

    @Test
    void reportsLogProbabilities() throws Exception {
        JsonNode c = choice(ok(COMPLETIONS, "{'prompt': 'sea', 'max_tokens': 4, 'logprobs': 2}"));
        JsonNode probs = c.object("logprobs");
        assertThat(probs.list("tokens")).hasSize(4);
        for (JsonNode top : probs.list("top_logprobs")) {
            assertThat(top.fields()).hasSizeBetween(1, 2);
        }
        assertThat(probs.list("token_logprobs"))
                .allMatch(p -> p.asDouble() < 0 && p.asDouble() > -6); // of some 300, near uniform
        String chat =
                "{'messages': [{'role': 'user', 'content': 'a'}], 'max_tokens': 3,"
                        + " 'logprobs': true, 'top_logprobs': 2%s}";
        List<JsonNode> content =
                choice(ok(CHAT, chat.formatted(""))).object("logprobs").list("content");
        assertThat(content).hasSize(3);
        for (JsonNode token : content) {
            JsonNode best = token.list("top_logprobs").getFirst();
            assertThat(best.string("token")).isEqualTo(token.string("token")); // greedy
            assertThat(best.number("logprob")).isEqualTo(token.number("logprob"));
            assertThat(token.list("top_logprobs")).hasSize(2);
        }
        List<JsonNode> streamed = new ArrayList<>();
        for (JsonNode event : events(CHAT, chat.formatted(", 'stream': true"))) {
            if (choice(event).has("logprobs")) {
                streamed.addAll(choice(event).object("logprobs").list("content"));
            }
        }
        assertThat(streamed).hasToString(content.toString());
    }

    @Test
    void stopsAtATextAndHonoursBias() throws Exception {
        String text = offline("the sea", 30).text();
        String stop = text.substring(4, 6);
        String quoted = Json.line(stop);
        JsonNode c =
                choice(
                        ok(
                                COMPLETIONS,
                                "{'prompt': 'the sea', 'max_tokens': 30, 'stop': ["
                                        + quoted
                                        + "]}"));
        assertThat(c.string("text")).isEqualTo(text.substring(0, text.indexOf(stop)));
        assertThat(c.string("finish_reason")).isEqualTo("stop");
        int likeliest = offline("the sea", 1).ids()[0];
        JsonNode other =
                ok(
                        COMPLETIONS,
                        "{'prompt': 'the sea', 'max_tokens': 1, 'logit_bias': {'"
                                + likeliest
                                + "': -100}}");
        assertThat(choice(other).string("text")).isNotEqualTo(offline("the sea", 1).text());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "prompt| {}",
                "prompt| {'prompt': 3}",
                "prompt| {'prompt': [99999]}",
                "prompt| {'prompt': []}",
                "temperature| {'prompt': 'a', 'temperature': -1}",
                "temperature| {'prompt': 'a', 'temperature': 'hot'}",
                "top_p| {'prompt': 'a', 'top_p': 0}",
                "max_tokens| {'prompt': 'a', 'max_tokens': -1}",
                "n| {'prompt': 'a', 'n': 0}",
                "n| {'prompt': 'a', 'n': 1000}",
                "logprobs| {'prompt': 'a', 'logprobs': 6}",
                "stop| {'prompt': 'a', 'stop': ['a', 1]}",
                "stop| {'prompt': 'a', 'stop': ''}",
                "logit_bias| {'prompt': 'a', 'logit_bias': {'x': 1}}",
                "logit_bias| {'prompt': 'a', 'logit_bias': {'3': 101}}",
                "presence_penalty| {'prompt': 'a', 'presence_penalty': 3}",
                "stream_options| {'prompt': 'a', 'stream_options': {}}",
                "suffix| {'prompt': 'a', 'suffix': 'b'}",
                "best_of| {'prompt': 'a', 'best_of': 2}",
                "seed| {'prompt': 'a', 'seed': 0.5}",
                "stream| {'prompt': 'a', 'stream': 'yes'}"
            })
    void namesTheFieldAtFault(String field, String body) throws Exception {
        HttpResponse<String> response = post(COMPLETIONS, body);
        assertThat(response.statusCode()).as(response.body()).isEqualTo(400);
        JsonNode error = Json.parse(response.body(), "response").object("error");
        assertThat(error.string("param")).as(response.body()).isEqualTo(field);
        assertThat(error.string("type")).isEqualTo("invalid_request_error");
        assertThat(error.string("message")).isNotEmpty();
        assertThat(error.contains("code")).isTrue();
    }

    @Test
    void refusesWhatItCannotDo() throws Exception {
        assertThat(post(COMPLETIONS, "{").statusCode()).isEqualTo(400);
        assertThat(post(COMPLETIONS, "{'model': 'gpt', 'prompt': 'a'}").statusCode())
                .isEqualTo(404);
        assertThat(get("/nothing").statusCode()).isEqualTo(404);
        assertThat(get(COMPLETIONS).statusCode()).isEqualTo(405);
        assertThat(post(CHAT, "{'messages': []}").body()).contains("\"param\":\"messages\"");
        String longPrompt = "{'prompt': '" + "river ".repeat(300) + "'}";
        assertThat(post(COMPLETIONS, longPrompt).body())
                .contains("\"param\":\"prompt\"")
                .contains("context_length_exceeded")
                .contains("256");
        HttpResponse<String> large = post(COMPLETIONS, "{'prompt': '" + "a".repeat(150_000) + "'}");
        assertThat(large.statusCode()).isEqualTo(413);
        assertThat(large.body()).contains("100000 bytes");
    }

    @Test
    void listsModelsHealthAndMetrics() throws Exception {
        JsonNode models = Json.parse(get("/v1/models").body(), "models");
        assertThat(models.list("data").getFirst().string("id")).isEqualTo("tiny");
        assertThat(get("/v1/models/tiny").statusCode()).isEqualTo(200);
        assertThat(get("/health").body()).contains("ok");
        ok(COMPLETIONS, "{'prompt': 'sea', 'max_tokens': 3}");
        String metrics = get("/metrics").body();
        assertThat(metrics)
                .containsPattern("chagres_generated_tokens_total\\{model=\"tiny\"} [1-9]")
                .containsPattern("chagres_time_to_first_token_seconds_count\\{.*} [1-9]")
                .contains("chagres_http_responses_total{model=\"tiny\",status=\"200\"}");
        assertThat(metrics.lines())
                .allMatch(l -> l.matches("# (HELP|TYPE) \\S+ .+|\\w+\\{[^}]*} [0-9.E+-]+"));
    }

    @Test
    void sixtyFourClientsAtOnceGetWhatTheyWouldGetAlone() throws Exception {
        List<String> prompts = new ArrayList<>();
        List<String> want = new ArrayList<>();
        for (int i = 0; i < 64; i++) {
            prompts.add(("the sea and the river " + i + " ").repeat(1 + i % 5));
            want.add(offline(prompts.get(i), 8 + i % 24).text());
        }
        List<Callable<String>> clients = new ArrayList<>();
        for (int i = 0; i < 64; i++) {
            int me = i;
            String body =
                    "{'prompt': '"
                            + prompts.get(i)
                            + "', 'max_tokens': "
                            + (8 + i % 24)
                            + (i % 2 == 0 ? "" : ", 'stream': true")
                            + "}";
            clients.add(() -> {
                if (me % 8 == 3) { // in between, some leave without an answer
                    leaveAfter(0, ENDLESS.formatted(me % 16 == 3));
                }
                if (me % 2 == 0) {
                    return choice(ok(COMPLETIONS, body)).string("text");
                }
                StringBuilder text = new StringBuilder();
                events(COMPLETIONS, body).forEach(e -> text.append(choice(e).string("text")));
                return text.toString();
            });
        }
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<String>> got = threads.invokeAll(clients);
            for (int i = 0; i < 64; i++) {
                assertThat(got.get(i).get()).as(prompts.get(i)).isEqualTo(want.get(i));
            }
        }
        assertThat(model.stats().failed()).isZero();
    }

    /// Sends a request and closes the connection after some bytes of the response.
    private void leaveAfter(int bytes, String body) throws IOException {
        String json = body.replace('\'', '"');
        try (Socket socket =
                new Socket(InetAddress.getLoopbackAddress(), server.address().getPort())) {
            OutputStream out = socket.getOutputStream();
            out.write(
                    ("POST "
                                    + COMPLETIONS
                                    + " HTTP/1.1\r\nHost: x\r\nContent-Length: "
                                    + json.length()
                                    + "\r\n\r\n"
                                    + json)
                            .getBytes(StandardCharsets.US_ASCII));
            out.flush();
            for (int i = 0; i < bytes; i++) {
                assertThat(socket.getInputStream().read()).isNotNegative();
            }
            if (bytes == 0) {
                settle(s -> s.running() > 0);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"0, false", "0, true", "300, true"})
    void aClientThatLeavesFreesItsMemory(int bytes, boolean stream) throws Exception {
        long before = cancelled();
        // A slow enough answer: it would take the most tokens there are.
        for (int i = 0; i < 20 && cancelled() == before; i++) {
            leaveAfter(bytes, ENDLESS.formatted(stream));
            settle(s -> s.kvUsedBytes() == 0);
        }
        assertThat(cancelled()).isGreaterThan(before);
    }

    private long cancelled() {
        return model.stats().finished().getOrDefault(Generation.Reason.CANCELLED, 0L);
    }

    @Test
    void aKeyIsAskedFor() throws Exception {
        try (ModelServer locked = serve(model, "secret", Duration.ofMinutes(1))) {
            for (String key : List.of("", "Bearer wrong", "secret")) {
                HttpRequest.Builder r = request(locked, "/v1/models").GET();
                if (!key.isEmpty()) {
                    r.header("Authorization", key);
                }
                var response = client.send(r.build(), BodyHandlers.ofString());
                assertThat(response.statusCode()).isEqualTo(401);
                assertThat(response.body()).contains("invalid_api_key");
            }
            var right =
                    request(locked, "/v1/models").header("Authorization", "Bearer secret").build();
            assertThat(client.send(right, BodyHandlers.ofString()).statusCode()).isEqualTo(200);
            assertThat(
                            client.send(request(locked, "/health").build(), BodyHandlers.ofString())
                                    .statusCode())
                    .isEqualTo(200);
        }
    }

    @Test
    void anAnswerMayTakeSoLong() throws Exception {
        try (ModelServer hurried = serve(model, "", Duration.ofNanos(1))) {
            var r =
                    request(hurried, COMPLETIONS)
                            .POST(BodyPublishers.ofString("{\"prompt\": \"a\"}"))
                            .build();
            var response = client.send(r, BodyHandlers.ofString());
            assertThat(response.statusCode()).isEqualTo(504);
            assertThat(response.body()).contains("timeout");
        }
    }

    @Test
    void aFullQueueRefusesMore() throws Exception {
        var options = new LanguageModel.Options("cpu", 1, 256, Long.MAX_VALUE, 1, 1, DType.F32);
        try (LanguageModel narrow = LanguageModel.load(folder, options);
                ModelServer busy = serve(narrow, "", Duration.ofMinutes(1));
                var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Callable<Integer>> clients = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                clients.add(() -> {
                    var r =
                            request(busy, COMPLETIONS)
                                    .POST(
                                            BodyPublishers.ofString(
                                                    ENDLESS.formatted(false).replace('\'', '"')))
                                    .build();
                    return client.send(r, BodyHandlers.ofString()).statusCode();
                });
            }
            List<Integer> codes = new ArrayList<>();
            for (Future<Integer> code : threads.invokeAll(clients)) {
                codes.add(code.get());
            }
            assertThat(codes).contains(200, 429).containsOnly(200, 429);
        }
    }

    @Test
    void requestsUnderWayMayEndWhenItStops() throws Exception {
        String want = offline("the river", 200).text();
        ModelServer ending = serve(model, "", Duration.ofMinutes(1));
        try (ending;
                var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var r =
                    request(ending, COMPLETIONS)
                            .POST(
                                    BodyPublishers.ofString(
                                            "{\"prompt\": \"the river\", \"max_tokens\": 200}"))
                            .build();
            Future<String> answer =
                    threads.submit(() -> client.send(r, BodyHandlers.ofString()).body());
            settle(s -> s.running() > 0);
            ending.drain(Duration.ofSeconds(30));
            assertThat(choice(Json.parse(answer.get(), "response")).string("text")).isEqualTo(want);
            assertThatThrownBy(() -> new Socket("127.0.0.1", ending.address().getPort()).close())
                    .isInstanceOf(IOException.class);
        }
    }
}
