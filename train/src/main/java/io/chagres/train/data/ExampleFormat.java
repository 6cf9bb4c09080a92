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
    SHAREGPT,
    /// Two answers, `chosen` and `rejected`, each a text or a list of messages, after `prompt`, a
    /// text or a list of messages, or after `instruction` and `input` as in Alpaca.
    PREFERENCE;

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

        /// A better and a worse chat.
        ///
        /// @param prompt what they have in common, as a text that tells prompts apart
        record Preference(Chat chosen, Chat rejected, String prompt) implements Content {}
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
            case PREFERENCE -> preference(json);
        };
    }

    private static Content.Chat chat(
            List<ChatMessage> messages, List<Map<String, @Nullable Object>> tools) {
        return new Content.Chat(List.copyOf(messages), tools);
    }

    private static ExampleFormat detected(JsonNode json) {
        if (json.has("chosen")) {
            return PREFERENCE;
        }
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
        throw json.error("needs a field text, instruction, messages, conversations or chosen");
    }

    private static Content preference(JsonNode json) {
        List<ChatMessage> prompt =
                json.has("prompt")
                        ? messages(json.get("prompt"), "user")
                        : json.has("instruction") ? asked(json) : List.of();
        return new Content.Preference(
                answered(prompt, json.get("chosen")),
                answered(prompt, json.get("rejected")),
                prompt.isEmpty() ? json.get("chosen").toString() : prompt.toString());
    }

    private static Content.Chat answered(List<ChatMessage> prompt, JsonNode answer) {
        List<ChatMessage> all = new ArrayList<>(prompt);
        all.addAll(messages(answer, "assistant"));
        return chat(all, List.of());
    }

    /// A list of messages, or one in a role.
    private static List<ChatMessage> messages(JsonNode json, String role) {
        return json.isList()
                ? json.asList().stream().map(ChatMessage::read).toList()
                : List.of(ChatMessage.of(role, json.asString()));
    }

    private static List<ChatMessage> alpaca(JsonNode json) {
        List<ChatMessage> messages = new ArrayList<>(asked(json));
        messages.add(ChatMessage.assistant(json.string("output")));
        return messages;
    }

    /// What comes before the answer.
    private static List<ChatMessage> asked(JsonNode json) {
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
