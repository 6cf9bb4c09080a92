package io.chagres.train.data;

import io.chagres.nn.text.chat.ChatMessage;
import io.chagres.tensor.io.JsonNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// How an example is written in JSON.
public enum ExampleFormat {
    /// By the fields that are there.
    AUTO,
    /// `text`: a text to continue.
    TEXT,
    /// `instruction`, `input` (may be empty or missing), `output`, and optionally `system` and
    /// `history`, a list of earlier pairs of instruction and output.
    ALPACA,
    /// `messages`, each with `role` and `content` as in OpenAI's protocol, and optionally `tools`.
    MESSAGES,
    /// `conversations`, each with `from` (`human`, `gpt`, `system`, …) and `value`, and optionally
    /// `system`.
    SHAREGPT;

    /// What an example says.
    sealed interface Content {
        /// A text to continue.
        record Text(String text) implements Content {}

        /// A chat.
        ///
        /// @param messages what is said
        /// @param tools functions that the model may call, as JSON schemas
        record Chat(List<ChatMessage> messages, List<Map<String, @Nullable Object>> tools)
                implements Content {}
    }

    /// Reads an example.
    ///
    /// @throws io.chagres.tensor.io.JsonException naming the field at fault
    Content read(JsonNode json) {
        return switch (this) {
            case AUTO -> detected(json).read(json);
            case TEXT -> new Content.Text(json.string("text"));
            case ALPACA -> chat(alpaca(json), List.of());
            case MESSAGES -> {
                List<ChatMessage> messages = new ArrayList<>();
                json.list("messages").forEach(m -> messages.add(ChatMessage.read(m)));
                yield chat(messages, tools(json));
            }
            case SHAREGPT -> chat(shareGpt(json), List.of());
        };
    }

    private static Content chat(
            List<ChatMessage> messages, List<Map<String, @Nullable Object>> tools) {
        return new Content.Chat(List.copyOf(messages), tools);
    }

    private static ExampleFormat detected(JsonNode json) {
        if (json.has("messages")) {
            return MESSAGES;
        }
        if (json.has("conversations")) {
            return SHAREGPT;
        }
        if (json.has("instruction")) {
            return ALPACA;
        }
        if (json.has("text")) {
            return TEXT;
        }
        throw json.error("needs a field text, instruction, messages or conversations");
    }

    private static List<ChatMessage> alpaca(JsonNode json) {
        List<ChatMessage> messages = new ArrayList<>();
        addSystem(json, messages);
        for (JsonNode pair : json.listOrEmpty("history")) {
            List<JsonNode> both = pair.asList();
            if (both.size() != 2) {
                throw pair.error("expected a pair of instruction and output");
            }
            messages.add(ChatMessage.user(both.get(0).asString()));
            messages.add(ChatMessage.assistant(both.get(1).asString()));
        }
        String instruction = json.string("instruction");
        String input = json.string("input", "");
        ChatMessage asked =
                input.isBlank()
                        ? ChatMessage.user(instruction)
                        : ChatMessage.user(instruction + "\n" + input)
                                .with(ExampleTemplates.INSTRUCTION, instruction)
                                .with(ExampleTemplates.INPUT, input);
        messages.add(asked);
        messages.add(ChatMessage.assistant(json.string("output")));
        return messages;
    }

    private static List<ChatMessage> shareGpt(JsonNode json) {
        List<ChatMessage> messages = new ArrayList<>();
        addSystem(json, messages);
        for (JsonNode turn : json.list("conversations")) {
            JsonNode from = turn.get("from");
            String role =
                    switch (from.asString()) {
                        case "human", "user" -> "user";
                        case "gpt", "assistant", "model" -> "assistant";
                        case "system" -> "system";
                        case "tool", "observation" -> "tool";
                        default -> throw from.error("is not human, gpt, system or tool");
                    };
            messages.add(ChatMessage.of(role, turn.string("value")));
        }
        return messages;
    }

    private static void addSystem(JsonNode json, List<ChatMessage> messages) {
        String system = json.string("system", "");
        if (!system.isBlank()) {
            messages.add(ChatMessage.system(system));
        }
    }

    private static List<Map<String, @Nullable Object>> tools(JsonNode json) {
        List<Map<String, @Nullable Object>> tools = new ArrayList<>();
        for (JsonNode tool : json.listOrEmpty("tools")) {
            Map<String, @Nullable Object> fields = new LinkedHashMap<>();
            tool.fields().forEach((name, value) -> fields.put(name, value.value()));
            tools.add(fields);
        }
        return List.copyOf(tools);
    }
}
