package io.chagres.train.data;

import io.chagres.nn.text.Tokenizer;
import io.chagres.nn.text.chat.ChatTemplate;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/// The template that turns chats into text: a model's own, one of ours for models that have none,
/// or one in a file.
///
/// @param template the template
/// @param text its text where it is not the model's own, to be stored with what is trained; else
///   null
public record ExampleTemplates(ChatTemplate template, @Nullable String text) {
    /// The name of a model's own template, or [#ALPACA] where it has none.
    public static final String OF_MODEL = "model";

    /// Headings for instruction, input and response.
    public static final String ALPACA = "alpaca";

    /// Messages between `<|im_start|>` and `<|im_end|>`.
    public static final String CHATML = "chatml";

    /// The field of a message with its instruction alone.
    static final String INSTRUCTION = "instruction";

    /// The field of a message with what the instruction is about.
    static final String INPUT = "input";

    private static final String FILE = "chat_template.jinja";

    private static final Map<String, String> OURS =
            Map.of(
                    ALPACA,
                    """
                    {{ bos_token }}{% for m in messages %}\
                    {% if m.role == 'assistant' %}{{ '### Response:\\n' }}\
                    {% generation %}{{ m.content + eos_token }}{% endgeneration %}\
                    {% elif m.role == 'user' %}{{ '### Instruction:\\n' }}\
                    {% if m.input %}{{ m.instruction + '\\n\\n### Input:\\n' + m.input }}\
                    {% else %}{{ m.content }}{% endif %}\
                    {% else %}{{ m.content }}{% endif %}\
                    {% if add_generation_prompt or not loop.last %}{{ '\\n\\n' }}{% endif %}\
                    {% endfor %}\
                    {% if add_generation_prompt %}{{ '### Response:\\n' }}{% endif %}\
                    """,
                    CHATML,
                    """
                    {{ bos_token }}{% for m in messages %}{{ '<|im_start|>' + m.role + '\\n' }}\
                    {% if m.role == 'assistant' %}\
                    {% generation %}{{ m.content + '<|im_end|>' }}{% endgeneration %}\
                    {% else %}{{ m.content + '<|im_end|>' }}{% endif %}{{ '\\n' }}{% endfor %}\
                    {% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}\
                    """);

    /// Finds a template.
    ///
    /// @param name [#OF_MODEL], [#ALPACA], [#CHATML], or the path of a Jinja file
    /// @param model folder of the model, or null for none
    /// @throws DataException when the file cannot be read
    public static ExampleTemplates find(String name, @Nullable Path model, Tokenizer tokenizer)
            throws IOException {
        if (name.equals(OF_MODEL)) {
            ChatTemplate own = model == null ? null : ChatTemplate.find(model).orElse(null);
            return own == null ? of(OURS.get(ALPACA), tokenizer) : new ExampleTemplates(own, null);
        }
        String ours = OURS.get(name);
        if (ours != null) {
            return of(ours, tokenizer);
        }
        Path file = Path.of(name);
        if (!Files.isRegularFile(file)) {
            throw new DataException(
                    name + ": no such file, and no template of ours, which are alpaca and chatml");
        }
        return of(Files.readString(file), tokenizer);
    }

    private static ExampleTemplates of(@Nullable String text, Tokenizer tokenizer) {
        if (text == null) {
            throw new IllegalStateException("no template");
        }
        Map<String, String> tokens = new LinkedHashMap<>();
        tokens.put("bos_token", token(tokenizer, tokenizer.bosId()));
        tokens.put("eos_token", token(tokenizer, tokenizer.eosId()));
        return new ExampleTemplates(ChatTemplate.of(text, tokens), text);
    }

    private static String token(Tokenizer tokenizer, OptionalInt id) {
        String token = id.isPresent() ? tokenizer.idToToken(id.getAsInt()) : null;
        return token == null ? "" : token;
    }

    /// Writes the template into a model's folder, unless it is the model's own.
    public void save(Path folder) throws IOException {
        if (text != null) {
            Files.write(folder.resolve(FILE), text.getBytes(StandardCharsets.UTF_8));
        }
    }
}
