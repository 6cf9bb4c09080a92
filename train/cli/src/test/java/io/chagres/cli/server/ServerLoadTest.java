package io.chagres.cli.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.chagres.nn.generate.Generation;
import io.chagres.nn.generate.LanguageModel;
import io.chagres.tensor.DType;
import io.chagres.tensor.io.Json;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Many clients, some of which leave, and a server that refuses, hurries and stops.
class ServerLoadTest extends ServerFixture {
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

    /// One that sends all of a body before it reads still gets the answer, not a reset connection.
    @Test
    void aClientHearsThatItsRequestIsTooLarge() throws IOException {
        byte[] body = new byte[8 << 20];
        try (Socket socket =
                new Socket(InetAddress.getLoopbackAddress(), server.address().getPort())) {
            OutputStream out = socket.getOutputStream();
            String head =
                    "POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n"
                            .formatted(COMPLETIONS, body.length);
            out.write(head.getBytes(StandardCharsets.US_ASCII));
            out.write(body);
            out.flush();
            String answer =
                    new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
            assertThat(answer).startsWith("HTTP/1.1 413 ").contains("100000 bytes");
        }
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
