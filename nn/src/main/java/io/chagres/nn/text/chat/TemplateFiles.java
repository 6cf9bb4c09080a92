package io.chagres.nn.text.chat;

import io.chagres.nn.text.chat.jinja.JinjaException;
import io.chagres.nn.text.chat.jinja.Template;
import io.chagres.tensor.io.FormatException;
import io.chagres.tensor.io.Json;
import io.chagres.tensor.io.JsonNode;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What a model's folder says about chat templates.
///
/// @param templates by name
/// @param variables special tokens by name, such as `bos_token`
record TemplateFiles(Map<String, Template> templates, Map<String, Object> variables) {
    static final String DEFAULT = "default";
    private static final String CONFIG = "tokenizer_config.json";
    private static final String SPECIAL_TOKENS = "special_tokens_map.json";
    private static final String JINJA = "chat_template.jinja";
    private static final String JSON = "chat_template.json";
    private static final String MORE = "additional_chat_templates";
    private static final String FIELD = "chat_template";
    private static final String EXTENSION = ".jinja";
    private static final long MAX_BYTES = 1 << 20;

    /// Reads a folder. A template file overrides `tokenizer_config.json`.
    static TemplateFiles read(Path folder) throws IOException {
        Map<String, Template> templates = new LinkedHashMap<>();
        Map<String, Object> variables = new LinkedHashMap<>();
        for (String name : new String[] {SPECIAL_TOKENS, CONFIG}) {
            if (Files.isRegularFile(folder.resolve(name))) {
                specialTokens(Json.read(folder.resolve(name)), variables);
            }
        }
        for (String name : new String[] {CONFIG, JSON}) {
            Path file = folder.resolve(name);
            JsonNode found = Files.isRegularFile(file) ? Json.read(file).find(FIELD) : null;
            if (found != null) {
                add(found, templates);
            }
        }
        if (Files.isRegularFile(folder.resolve(JINJA))) {
            templates.put(DEFAULT, read(folder.resolve(JINJA), JINJA));
        }
        if (Files.isDirectory(folder.resolve(MORE))) {
            try (DirectoryStream<Path> files =
                    Files.newDirectoryStream(folder.resolve(MORE), "*" + EXTENSION)) {
                for (Path file : files) {
                    String name = file.getFileName().toString();
                    String bare = name.substring(0, name.length() - EXTENSION.length());
                    templates.put(bare, read(file, MORE + "/" + name));
                }
            }
        }
        return new TemplateFiles(templates, variables);
    }

    private static Template read(Path file, String name) throws IOException {
        if (Files.size(file) > MAX_BYTES) {
            throw new FormatException(
                    file.toString(), "a template of more than " + MAX_BYTES + " bytes");
        }
        return parse(Files.readString(file), name);
    }

    /// Parses a template.
    ///
    /// @param origin how errors call it
    static Template parse(String text, String origin) {
        try {
            return Template.parse(text);
        } catch (JinjaException e) {
            throw new ChatTemplateException(origin, e);
        }
    }

    // One template, or a list of them with their names.
    private static void add(JsonNode json, Map<String, Template> templates) {
        String origin = json.source() + " (" + json.path() + ")";
        if (!json.isList()) {
            templates.put(DEFAULT, parse(json.asString(), origin));
            return;
        }
        for (JsonNode one : json.asList()) {
            String name = one.string("name");
            templates.put(name, parse(one.string("template"), origin + " '" + name + "'"));
        }
    }

    // Each is written as its text, as an object with the text as `content`, or a list of these.
    private static void specialTokens(JsonNode config, Map<String, Object> variables) {
        config.fields()
                .forEach((name, value) -> {
                    if (name.endsWith("_token") && content(value) instanceof String token) {
                        variables.put(name, token);
                    } else if (name.equals("additional_special_tokens") && value.isList()) {
                        variables.put(
                                name,
                                value.asList().stream()
                                        .map(TemplateFiles::content)
                                        .filter(String.class::isInstance)
                                        .toList());
                    }
                });
    }

    private static @Nullable Object content(JsonNode token) {
        return token.isObject() && token.has("content")
                ? token.get("content").value()
                : token.value();
    }
}
