package io.chagres.cli.server;

import io.chagres.nn.generate.Generation;
import io.chagres.nn.generate.ScoredToken;
import io.chagres.nn.text.Tokenizer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// Writes the answers to one request in OpenAI's format.
final class Answers {
    private static final String REPLACEMENT = "\uFFFD";

    private final Ask ask;
    private final Tokenizer tokenizer;
    private final Map<String, Object> head = new LinkedHashMap<>();

    /// @param model the model's name
    Answers(Ask ask, Tokenizer tokenizer, String model) {
        this.ask = ask;
        this.tokenizer = tokenizer;
        String object = ask.chat() ? "chat.completion" : "text_completion";
        head.put("id", (ask.chat() ? "chatcmpl-" : "cmpl-") + UUID.randomUUID());
        head.put("object", ask.chat() && ask.stream() ? object + ".chunk" : object);
        head.put("created", System.currentTimeMillis() / 1000);
        head.put("model", model);
    }

    /// The whole response.
    ///
    /// @param generations one for each choice
    Map<String, Object> whole(List<Generation> generations) {
        List<Object> choices = new ArrayList<>();
        for (int i = 0; i < generations.size(); i++) {
            Generation g = generations.get(i);
            Map<String, @Nullable Object> choice = choice(i);
            if (ask.chat()) {
                choice.put("message", message("content", g.text(), true));
            } else {
                choice.put("text", ask.echo(i) + g.text());
            }
            choice.put("logprobs", logProbs(g.tokens(), ask.echo(i).length()));
            choice.put("finish_reason", reason(g.reason()));
            choices.add(choice);
        }
        Map<String, Object> response = with(choices);
        response.put("usage", usage(generations));
        return response;
    }

    /// The first event of a choice.
    Map<String, @Nullable Object> first(int choice) {
        return event(choice, ask.chat() ? "" : ask.echo(choice), List.of(), 0, null, true);
    }

    /// An event with text of a choice.
    ///
    /// @param tokens those behind it
    /// @param offset characters of the choice's text before it
    Map<String, @Nullable Object> more(
            int choice, String text, List<ScoredToken> tokens, int offset) {
        return event(choice, text, tokens, offset, null, false);
    }

    /// The last event of a choice.
    Map<String, @Nullable Object> last(int choice, Generation.Reason reason) {
        return event(choice, "", List.of(), 0, reason, false);
    }

    /// The event that counts tokens.
    Map<String, Object> usageEvent(List<Generation> generations) {
        Map<String, Object> event = with(List.of());
        event.put("usage", usage(generations));
        return event;
    }

    private Map<String, @Nullable Object> event(
            int i,
            String text,
            List<ScoredToken> tokens,
            int offset,
            Generation.@Nullable Reason reason,
            boolean first) {
        Map<String, @Nullable Object> choice = choice(i);
        if (ask.chat()) {
            choice.put(
                    "delta",
                    first || reason == null ? message("content", text, first) : Map.of());
        } else {
            choice.put("text", text);
        }
        choice.put("logprobs", tokens.isEmpty() ? null : logProbs(tokens, offset));
        choice.put("finish_reason", reason == null ? null : reason(reason));
        Map<String, @Nullable Object> event = new LinkedHashMap<>(with(List.of(choice)));
        if (ask.usage()) {
            event.put("usage", null);
        }
        return event;
    }

    private Map<String, Object> with(List<?> choices) {
        Map<String, Object> response = new LinkedHashMap<>(head);
        response.put("choices", choices);
        return response;
    }

    private static Map<String, @Nullable Object> choice(int i) {
        Map<String, @Nullable Object> choice = new LinkedHashMap<>();
        choice.put("index", i);
        return choice;
    }

    private static Map<String, Object> message(String field, String text, boolean role) {
        Map<String, Object> message = new LinkedHashMap<>();
        if (role) {
            message.put("role", "assistant");
        }
        message.put(field, text);
        return message;
    }

    private Map<String, Object> usage(List<Generation> generations) {
        int prompts = ask.prompts().stream().mapToInt(p -> p.length).sum();
        int answers = generations.stream().mapToInt(g -> g.tokens().size()).sum();
        Map<String, Object> usage = new LinkedHashMap<>();
        usage.put("prompt_tokens", prompts);
        usage.put("completion_tokens", answers);
        usage.put("total_tokens", prompts + answers);
        return usage;
    }

    private static String reason(Generation.Reason reason) {
        return switch (reason) {
            case EOS, STOP, CANCELLED -> "stop";
            case LENGTH -> "length";
        };
    }

    private @Nullable Map<String, Object> logProbs(List<ScoredToken> tokens, int offset) {
        if (ask.options().topLogProbs() < 0) {
            return null;
        }
        return ask.chat()
                ? Map.of("content", tokens.stream().map(this::chatToken).toList())
                : completionTokens(tokens, offset);
    }

    private Map<String, @Nullable Object> chatToken(ScoredToken token) {
        Map<String, @Nullable Object> entry = entry(token.id(), token.logProb());
        List<Object> top = new ArrayList<>();
        for (ScoredToken.Alternative a : token.alternatives()) {
            top.add(entry(a.id(), a.logProb()));
        }
        entry.put("top_logprobs", top);
        return entry;
    }

    private Map<String, @Nullable Object> entry(int id, float logProb) {
        String text = text(id);
        Map<String, @Nullable Object> entry = new LinkedHashMap<>();
        entry.put("token", text);
        entry.put("logprob", logProb);
        entry.put("bytes", text.contains(REPLACEMENT) ? null : bytes(text)); // part of a character
        return entry;
    }

    private static List<Integer> bytes(String text) {
        List<Integer> bytes = new ArrayList<>();
        for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
            bytes.add(b & 0xFF);
        }
        return bytes;
    }

    private Map<String, Object> completionTokens(List<ScoredToken> tokens, int offset) {
        List<Object> texts = new ArrayList<>();
        List<Object> logProbs = new ArrayList<>();
        List<Object> tops = new ArrayList<>();
        List<Object> offsets = new ArrayList<>();
        int at = offset;
        for (ScoredToken token : tokens) {
            String text = text(token.id());
            Map<String, Object> top = new LinkedHashMap<>();
            for (ScoredToken.Alternative a : token.alternatives()) {
                top.putIfAbsent(text(a.id()), a.logProb());
            }
            texts.add(text);
            logProbs.add(token.logProb());
            tops.add(top);
            offsets.add(at);
            at += text.length();
        }
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("tokens", texts);
        all.put("token_logprobs", logProbs);
        all.put("top_logprobs", tops);
        all.put("text_offset", offsets);
        return all;
    }

    private String text(int id) {
        return tokenizer.decode(new int[] {id}, false);
    }
}
