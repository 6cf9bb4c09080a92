package io.chagres.nn.text.chat;

import io.chagres.nn.text.Encoding;
import io.chagres.nn.text.Tokenizer;
import io.chagres.nn.text.chat.jinja.JinjaException;
import io.chagres.nn.text.chat.jinja.Limits;
import io.chagres.nn.text.chat.jinja.Rendered;
import io.chagres.nn.text.chat.jinja.Template;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Turns the messages of a chat into the text that a model was trained on, by the Jinja template
/// that comes with it. The one way to do so, for training, chat and server alike.
///
/// ```java
/// ChatTemplate template = ChatTemplate.load(folder);
/// List<ChatMessage> chat = List.of(ChatMessage.user("Hello!"));
/// int[] ids = template.encode(tokenizer, chat, List.of(), true, Map.of()).ids();
/// ```
///
/// Templates see the variables that Hugging Face's library gives them: `messages`, `tools` (`none`
/// without any), `documents`, `add_generation_prompt`, the special tokens of
/// `tokenizer_config.json`, and `extra` ones such as `enable_thinking`. Hostile templates are
/// stopped by limits on steps, characters and nesting.
///
/// A template never changes and may be used by any number of threads.
public final class ChatTemplate {
    private static final String TOOL_USE = "tool_use";

    private final String origin;
    private final Map<String, Template> templates;
    private final Map<String, Object> variables;
    private final Clock clock;

    private ChatTemplate(
            String origin,
            Map<String, Template> templates,
            Map<String, Object> variables,
            Clock clock) {
        this.origin = origin;
        this.templates = templates;
        this.variables = variables;
        this.clock = clock;
    }

    /// Loads the template of a model's folder: `chat_template.jinja`, else `chat_template.json`,
    /// else the field `chat_template` of `tokenizer_config.json`. Where there are several, `tool_use`
    /// is used when there are tools, else `default`.
    ///
    /// @throws NoSuchFileException when there is none
    /// @throws ChatTemplateException when it is malformed
    /// @throws io.chagres.tensor.io.FormatException when a file is malformed
    public static ChatTemplate load(Path folder) throws IOException {
        return find(folder)
                .orElseThrow(
                        () ->
                                new NoSuchFileException(
                                        folder.toString(),
                                        null,
                                        "there is no chat template: no chat_template.jinja, and no"
                                                + " chat_template in tokenizer_config.json"));
    }

    /// As [#load], empty when the folder has no template.
    public static Optional<ChatTemplate> find(Path folder) throws IOException {
        TemplateFiles files = TemplateFiles.read(folder);
        return files.templates().isEmpty()
                ? Optional.empty()
                : Optional.of(
                        new ChatTemplate(
                                "chat template of " + folder,
                                files.templates(),
                                files.variables(),
                                Clock.systemDefaultZone()));
    }

    /// A template from its text.
    ///
    /// @param variables what it may refer to besides messages, such as `bos_token`
    /// @throws ChatTemplateException when it is malformed
    public static ChatTemplate of(String text, Map<String, ?> variables) {
        String origin = "chat template";
        return new ChatTemplate(
                origin,
                Map.of(TemplateFiles.DEFAULT, TemplateFiles.parse(text, origin)),
                new LinkedHashMap<>(variables),
                Clock.systemDefaultZone());
    }

    /// The same with another clock, for templates that write today's date.
    public ChatTemplate withClock(Clock other) {
        return new ChatTemplate(origin, templates, variables, other);
    }

    /// Whether the template tells by `generation` blocks what the assistant wrote.
    public boolean marksAssistant() {
        return templates.values().stream().anyMatch(Template::marksGeneration);
    }

    /// The text of a chat, without tools.
    ///
    /// @param addGenerationPrompt whether it ends with what begins the assistant's next message
    /// @throws ChatTemplateException when the template fails
    public String render(List<ChatMessage> messages, boolean addGenerationPrompt) {
        return render(messages, List.of(), addGenerationPrompt, Map.of());
    }

    /// The text of a chat.
    ///
    /// @param tools functions that the model may call, as JSON schemas
    /// @param addGenerationPrompt whether it ends with what begins the assistant's next message
    /// @param extra further variables; they take precedence
    /// @throws ChatTemplateException when the template fails
    public String render(
            List<ChatMessage> messages,
            List<? extends Map<String, ?>> tools,
            boolean addGenerationPrompt,
            Map<String, ? extends @Nullable Object> extra) {
        return run(messages, tools, addGenerationPrompt, extra).text();
    }

    /// The tokens of a chat. The special tokens of a text are those that the template wrote: none
    /// is added.
    ///
    /// @param tools functions that the model may call, as JSON schemas
    /// @param addGenerationPrompt whether it ends with what begins the assistant's next message
    /// @param extra further variables; they take precedence
    /// @throws ChatTemplateException when the template fails
    public ChatPrompt encode(
            Tokenizer tokenizer,
            List<ChatMessage> messages,
            List<? extends Map<String, ?>> tools,
            boolean addGenerationPrompt,
            Map<String, ? extends @Nullable Object> extra) {
        Rendered rendered = run(messages, tools, addGenerationPrompt, extra);
        String text = rendered.text();
        if (!select(tools).marksGeneration() || rendered.lost()) {
            return new ChatPrompt(text, tokenizer.encode(text, false), null);
        }
        Encoding encoding = tokenizer.encodeWithOffsets(text, false);
        return new ChatPrompt(text, encoding.ids(), mask(encoding, rendered.generated()));
    }

    // A token that lies across the border of a range belongs to it.
    private static boolean[] mask(Encoding encoding, List<Rendered.Range> ranges) {
        boolean[] mask = new boolean[encoding.size()];
        int token = 0;
        for (Rendered.Range range : ranges) {
            while (token < mask.length && encoding.end(token) <= range.start()) {
                token++;
            }
            for (; token < mask.length && encoding.start(token) < range.end(); token++) {
                mask[token] = true;
            }
        }
        return mask;
    }

    private Rendered run(
            List<ChatMessage> messages,
            List<? extends Map<String, ?>> tools,
            boolean addGenerationPrompt,
            Map<String, ? extends @Nullable Object> extra) {
        Map<String, @Nullable Object> all = new LinkedHashMap<>(variables);
        all.put("messages", messages.stream().map(ChatMessage::toMap).toList());
        all.put("tools", tools.isEmpty() ? null : tools);
        all.put("documents", null);
        all.put("add_generation_prompt", addGenerationPrompt);
        all.putAll(extra);
        try {
            return select(tools).render(all, Limits.DEFAULT, clock);
        } catch (JinjaException e) {
            throw new ChatTemplateException(origin, e);
        }
    }

    private Template select(List<?> tools) {
        Template toolUse = tools.isEmpty() ? null : templates.get(TOOL_USE);
        Template chosen = toolUse != null ? toolUse : templates.get(TemplateFiles.DEFAULT);
        if (chosen == null) {
            throw new IllegalStateException(
                    origin + " has no default, only " + String.join(", ", templates.keySet()));
        }
        return chosen;
    }
}
