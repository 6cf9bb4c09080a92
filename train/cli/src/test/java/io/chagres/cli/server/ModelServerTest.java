package io.chagres.cli.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.chagres.nn.generate.Generation;
import io.chagres.nn.generate.SamplingOptions;
import io.chagres.tensor.io.Json;
import io.chagres.tensor.io.JsonNode;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The server's interface as clients see it.
class ModelServerTest extends ServerFixture {
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
}
