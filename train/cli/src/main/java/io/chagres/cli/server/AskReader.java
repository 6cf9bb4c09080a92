package io.chagres.cli.server;

import io.chagres.nn.generate.LanguageModel;
import io.chagres.nn.generate.SamplingOptions;
import io.chagres.nn.text.chat.ChatMessage;
import io.chagres.nn.text.chat.ChatTemplate;
import io.chagres.nn.text.chat.ChatTemplateException;
import io.chagres.tensor.io.Json;
import io.chagres.tensor.io.JsonException;
import io.chagres.tensor.io.JsonNode;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Reads requests in OpenAI's format. Each error names the field at fault.
final class AskReader {
    private static final int MOST_CHOICES = 128;
    private static final int MOST_PROMPTS = 256;
    private static final int COMPLETION_TOKENS = 16; // OpenAI's default
    private static final int MOST_COMPLETION_LOGPROBS = 5;
    private static final int MOST_CHAT_LOGPROBS = 20;
    private static final Pattern FIELD = Pattern.compile("field ([^\\s\\[.:]+)[^:]*: ");

    private final LanguageModel model;
    private final @Nullable ChatTemplate template;
    private final String name;

    /// @param name the model's, which requests may give
    AskReader(LanguageModel model, @Nullable ChatTemplate template, String name) {
        this.model = model;
        this.template = template;
        this.name = name;
    }

    /// Reads the body of `/v1/completions`.
    ///
    /// @throws ApiException naming the field at fault
    Ask completion(String body) {
        return reading(body, json -> {
            refuse(json, "suffix", "inserting text");
            List<int[]> prompts = new ArrayList<>();
            List<String> texts = new ArrayList<>();
            prompts(json, prompts, texts);
            int n = choices(json, prompts.size());
            if (json.intIn("best_of", 1, Integer.MAX_VALUE, n) != n) {
                throw json.get("best_of").error("must be n");
            }
            boolean echo = json.bool("echo", false);
            int logProbs = json.intIn("logprobs", 0, MOST_COMPLETION_LOGPROBS, -1);
            if (echo && logProbs >= 0) {
                throw json.get("echo").error("the prompt's log-probabilities are not computed");
            }
            SamplingOptions defaults =
                    model.defaults(COMPLETION_TOKENS).withMaxNewTokens(COMPLETION_TOKENS);
            SamplingOptions options = options(json, defaults, "max_tokens", logProbs);
            List<String> echoes = echo ? texts : Collections.nCopies(texts.size(), "");
            return ask(json, false, prompts, echoes, n, options);
        });
    }

    /// Reads the body of `/v1/chat/completions`.
    ///
    /// @throws ApiException naming the field at fault
    Ask chat(String body) {
        return reading(body, json -> {
            ChatTemplate chat = template;
            if (chat == null) {
                throw ApiException.invalid(
                        "the model has no chat template; use /v1/completions", "messages");
            }
            if (json.has("response_format")) {
                JsonNode format = json.object("response_format");
                if (!format.string("type", "text").equals("text")) {
                    throw format.error("only text can be written");
                }
            }
            int n = choices(json, 1);
            boolean wanted = json.bool("logprobs", false);
            int top = json.intIn("top_logprobs", 0, MOST_CHAT_LOGPROBS, 0);
            if (top > 0 && !wanted) {
                throw json.get("top_logprobs").error("needs logprobs to be true");
            }
            String limit =
                    json.has("max_completion_tokens") ? "max_completion_tokens" : "max_tokens";
            SamplingOptions options =
                    options(
                            json,
                            model.defaults(SamplingOptions.UNLIMITED),
                            limit,
                            wanted ? top : -1);
            List<int[]> prompts = List.of(prompt(json, chat));
            return ask(json, true, prompts, List.of(""), n, options);
        });
    }

    private SamplingOptions options(
            JsonNode json, SamplingOptions defaults, String limit, int logProbs) {
        return SamplingFields.read(json, defaults, limit, logProbs, model.config().vocabSize());
    }

    private static Ask ask(
            JsonNode json,
            boolean chat,
            List<int[]> prompts,
            List<String> echoes,
            int n,
            SamplingOptions options) {
        boolean stream = json.bool("stream", false);
        boolean usage = false;
        if (json.has("stream_options")) {
            JsonNode more = json.object("stream_options");
            if (!stream) {
                throw more.error("needs stream to be true");
            }
            usage = more.bool("include_usage", false);
        }
        return new Ask(chat, prompts, echoes, n, options, stream, usage);
    }

    private static int choices(JsonNode json, int prompts) {
        int n = json.intIn("n", 1, MOST_CHOICES, 1);
        if ((long) n * prompts > MOST_PROMPTS) {
            throw json.get("n").error("asks for more than " + MOST_PROMPTS + " answers");
        }
        return n;
    }

    /// A text, tokens, or several of either.
    private void prompts(JsonNode json, List<int[]> prompts, List<String> texts) {
        JsonNode prompt = json.get("prompt");
        List<JsonNode> all = prompt.isList() ? prompt.asList() : List.of(prompt);
        if (all.isEmpty() || all.size() > MOST_PROMPTS) {
            throw prompt.error("must have 1 to " + MOST_PROMPTS + " prompts");
        }
        if (all.getFirst().isInteger()) {
            all = List.of(prompt);
        }
        for (JsonNode one : all) {
            if (one.isString()) {
                prompts.add(model.promptIds(one.asString()));
                texts.add(one.asString());
            } else {
                int vocabulary = model.config().vocabSize();
                int[] ids =
                        one.asList().stream().mapToInt(id -> id.asInt(0, vocabulary - 1)).toArray();
                prompts.add(ids);
                texts.add(model.tokenizer().decode(ids, true));
            }
        }
    }

    private int[] prompt(JsonNode json, ChatTemplate chat) {
        JsonNode messages = json.get("messages");
        List<ChatMessage> read = new ArrayList<>();
        for (JsonNode message : messages.asList()) {
            read.add(ChatMessage.read(message));
        }
        if (read.isEmpty()) {
            throw messages.error("must not be empty");
        }
        List<Map<String, Object>> tools = new ArrayList<>();
        for (JsonNode tool : json.listOrEmpty("tools")) {
            tools.add(values(tool));
        }
        Map<String, Object> extra =
                json.has("chat_template_kwargs")
                        ? values(json.object("chat_template_kwargs"))
                        : Map.of();
        try {
            return chat.encode(model.tokenizer(), read, tools, true, extra).ids();
        } catch (ChatTemplateException e) {
            throw messages.error(e.reason());
        }
    }

    private static Map<String, Object> values(JsonNode object) {
        Map<String, Object> values = new LinkedHashMap<>();
        object.fields().forEach((key, value) -> {
            Object v = value.value();
            if (v != null) {
                values.put(key, v);
            }
        });
        return values;
    }

    private static void refuse(JsonNode json, String field, String what) {
        if (json.has(field)) {
            throw json.get(field).error(what + " is not supported");
        }
    }

    private interface Reading {
        Ask read(JsonNode json);
    }

    private Ask reading(String body, Reading reading) {
        try {
            JsonNode json = Json.parse(body, "the request");
            String wanted = json.string("model", name);
            if (!wanted.equals(name)) {
                throw new ApiException(
                        404,
                        "invalid_request_error",
                        "the model '" + wanted + "' does not exist; this is '" + name + "'",
                        "model",
                        "model_not_found");
            }
            return reading.read(json);
        } catch (JsonException e) {
            String message = String.valueOf(e.getMessage());
            Matcher field = FIELD.matcher(message);
            throw ApiException.invalid(message, field.find() ? field.group(1) : null);
        }
    }
}
