package io.chagres.nn.text.chat;

import io.chagres.tensor.io.JsonNode;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A function that an assistant asks to be called.
///
/// Templates differ in what they take as arguments: most want the object itself, some (DeepSeek-V3)
/// its JSON text, some (Qwen3) either. OpenAI's protocol has the text.
///
/// @param id by which the answer refers to the call, if any
/// @param name of the function
/// @param arguments a map, or JSON text
public record ToolCall(@Nullable String id, String name, Object arguments) {
    /// Reads a call as OpenAI's protocol writes it: `{"id": …, "type": "function", "function":
    /// {"name": …, "arguments": …}}`.
    ///
    /// @throws io.chagres.tensor.io.JsonException when a field is wrong
    public static ToolCall read(JsonNode json) {
        JsonNode function = json.has("function") ? json.object("function") : json;
        JsonNode arguments = function.find("arguments");
        Object value = arguments == null ? null : arguments.value();
        if (arguments != null && !arguments.isString() && !arguments.isObject()) {
            throw arguments.error("expected an object or its JSON text");
        }
        JsonNode id = json.find("id");
        return new ToolCall(
                id == null ? null : id.asString(),
                function.string("name"),
                value == null ? Map.of() : value);
    }

    /// As templates and OpenAI's protocol have it.
    public Map<String, Object> toMap() {
        Map<String, Object> function = new LinkedHashMap<>();
        function.put("name", name);
        function.put("arguments", arguments);
        Map<String, Object> call = new LinkedHashMap<>();
        if (id != null) {
            call.put("id", id);
        }
        call.put("type", "function");
        call.put("function", function);
        return call;
    }
}
