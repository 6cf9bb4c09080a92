package io.chagres.nn.text.chat;

import io.chagres.tensor.io.JsonNode;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// One message of a chat, with the fields that chat templates read.
///
/// @param role who speaks: `system`, `user`, `assistant`, `tool`, or what else the template knows
/// @param content text; a list of parts, each a map such as `{"type": "text", "text": …}`; or
///   `null`, usual beside tool calls
/// @param toolCalls functions the assistant asks to be called
/// @param extra further fields, such as `reasoning_content`, `name` or `tool_call_id`
public record ChatMessage(
        String role,
        @Nullable Object content,
        List<ToolCall> toolCalls,
        Map<String, @Nullable Object> extra) {
    /// Checks the content's type and keeps copies.
    public ChatMessage {
        if (content != null && !(content instanceof String) && !(content instanceof List)) {
            throw new IllegalArgumentException(
                    "a message's content is text or a list of parts, not a "
                            + content.getClass().getName());
        }
        toolCalls = List.copyOf(toolCalls);
        extra = Collections.unmodifiableMap(new LinkedHashMap<>(extra));
    }

    /// A message with text only.
    public static ChatMessage of(String role, @Nullable String content) {
        return new ChatMessage(role, content, List.of(), Map.of());
    }

    /// What the model is told about its task.
    public static ChatMessage system(String content) {
        return of("system", content);
    }

    /// What the user says.
    public static ChatMessage user(String content) {
        return of("user", content);
    }

    /// What the model says.
    public static ChatMessage assistant(String content) {
        return of("assistant", content);
    }

    /// What a called function returned.
    ///
    /// @param callId the [ToolCall#id] of the call
    public static ChatMessage tool(String content, @Nullable String callId) {
        ChatMessage message = of("tool", content);
        return callId == null ? message : message.with("tool_call_id", callId);
    }

    /// The same with these tool calls.
    public ChatMessage withToolCalls(List<ToolCall> calls) {
        return new ChatMessage(role, content, calls, extra);
    }

    /// The same with one more field.
    public ChatMessage with(String field, @Nullable Object value) {
        Map<String, @Nullable Object> more = new LinkedHashMap<>(extra);
        more.put(field, value);
        return new ChatMessage(role, content, toolCalls, more);
    }

    /// The same with content as one text: the texts of its parts, a line each. For templates that
    /// know no parts.
    ///
    /// @throws IllegalArgumentException when a part is no text
    public ChatMessage withPlainContent() {
        if (!(content instanceof List<?> parts)) {
            return this;
        }
        List<String> texts = new ArrayList<>();
        for (Object part : parts) {
            if (part instanceof Map<?, ?> map && map.get("text") instanceof String text) {
                texts.add(text);
            } else {
                throw new IllegalArgumentException("a part of the message's content is no text");
            }
        }
        return new ChatMessage(role, String.join("\n", texts), toolCalls, extra);
    }

    /// Reads a message as OpenAI's protocol and `messages` data sets write it.
    ///
    /// @throws io.chagres.tensor.io.JsonException when a field is wrong
    public static ChatMessage read(JsonNode json) {
        List<ToolCall> calls = new ArrayList<>();
        for (JsonNode call : json.listOrEmpty("tool_calls")) {
            calls.add(ToolCall.read(call));
        }
        JsonNode content = json.find("content");
        if (content != null && !content.isString() && !content.isList()) {
            throw content.error("expected a string or a list of parts");
        }
        Map<String, @Nullable Object> extra = new LinkedHashMap<>();
        json.fields().forEach((name, value) -> extra.put(name, value.value()));
        extra.keySet().removeAll(List.of("role", "content", "tool_calls"));
        return new ChatMessage(
                json.string("role"), content == null ? null : content.value(), calls, extra);
    }

    /// As templates and OpenAI's protocol have it.
    public Map<String, @Nullable Object> toMap() {
        Map<String, @Nullable Object> map = new LinkedHashMap<>();
        map.put("role", role);
        map.put("content", content);
        if (!toolCalls.isEmpty()) {
            map.put("tool_calls", toolCalls.stream().map(ToolCall::toMap).toList());
        }
        map.putAll(extra);
        return map;
    }
}
