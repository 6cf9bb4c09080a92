package io.chagres.cli;

import io.chagres.nn.generate.Generation;
import io.chagres.nn.generate.GenerationStream;
import io.chagres.nn.generate.LanguageModel;
import io.chagres.nn.generate.Piece;
import io.chagres.nn.generate.SamplingOptions;
import io.chagres.nn.text.chat.ChatMessage;
import io.chagres.nn.text.chat.ChatTemplate;
import io.chagres.nn.text.chat.ChatTemplateException;
import io.chagres.tensor.io.Json;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// A conversation with a model.
final class Chat {
    private static final int LEAST_ANSWER = 64;
    private static final String SAVE_FILE = "chat.json";
    private static final String HELP =
            """
            /reset         forget the conversation
            /system TEXT   forget it, and tell the model about its task
            /save [FILE]   write the conversation as JSON; chat.json where no file is named
            /quit          end the chat
            """;

    private final LanguageModel model;
    private final ChatTemplate template;
    private final SamplingOptions options;
    private final PrintWriter out;
    private final BiConsumer<GenerationStream, Consumer<GenerationStream>> answering;
    private final List<ChatMessage> messages = new ArrayList<>();
    private @Nullable String system;
    private int turn;

    /// A conversation without messages.
    ///
    /// @param system what the model is told about its task; null for nothing
    /// @param answering is given an answer, and what shows it
    Chat(
            LanguageModel model,
            ChatTemplate template,
            SamplingOptions options,
            @Nullable String system,
            PrintWriter out,
            BiConsumer<GenerationStream, Consumer<GenerationStream>> answering) {
        this.model = model;
        this.template = template;
        this.options = options;
        this.system = system;
        this.out = out;
        this.answering = answering;
        reset();
    }

    /// The messages so far.
    List<ChatMessage> messages() {
        return List.copyOf(messages);
    }

    /// Does what a line says.
    ///
    /// @return whether the chat goes on
    boolean handle(String line) {
        String text = line.strip();
        if (text.isEmpty()) {
            return true;
        }
        if (!text.startsWith("/")) {
            say(text);
            return true;
        }
        int space = text.indexOf(' ');
        String argument = space < 0 ? "" : text.substring(space + 1).strip();
        switch (space < 0 ? text : text.substring(0, space)) {
            case "/quit", "/exit" -> {
                return false;
            }
            case "/help" -> out.print(HELP);
            case "/reset" -> reset();
            case "/system" -> {
                system = argument.isEmpty() ? null : argument;
                reset();
            }
            case "/save" -> save(argument.isEmpty() ? SAVE_FILE : argument);
            default -> out.println("There is no command " + text + "; /help lists them.");
        }
        out.flush();
        return true;
    }

    private void reset() {
        messages.clear();
        String task = system;
        if (task != null) {
            messages.add(ChatMessage.system(task));
        }
    }

    private void save(String file) {
        List<Object> all = new ArrayList<>();
        messages.forEach(m -> all.add(m.toMap()));
        try {
            Json.write(Map.of("messages", all), Path.of(file));
            out.println("Saved " + file);
        } catch (IOException | InvalidPathException e) {
            out.println("Cannot save " + file + ": " + e.getMessage());
        }
    }

    private void say(String text) {
        int before = messages.size();
        messages.add(ChatMessage.user(text));
        try {
            int[] prompt = prompt();
            SamplingOptions now = options.withSeed(options.seed() + turn++);
            try (GenerationStream stream = model.submit(prompt, now)) {
                answering.accept(stream, this::show);
                Generation answer = stream.result();
                messages.add(ChatMessage.assistant(answer.text()));
                out.println(
                        switch (answer.reason()) {
                            case EOS, STOP -> "";
                            case LENGTH -> " [the answer was cut: it is as long as it may be]";
                            case CANCELLED -> " [stopped]";
                        });
            }
        } catch (IllegalArgumentException | ChatTemplateException e) {
            out.println("Cannot answer: " + e.getMessage());
            while (messages.size() > before) {
                messages.removeLast();
            }
        }
        out.flush();
    }

    /// The tokens of the conversation, of which the oldest part is forgotten when there would be no
    /// room for an answer.
    private int[] prompt() {
        while (true) {
            int[] ids =
                    template.encode(model.tokenizer(), messages, List.of(), true, Map.of()).ids();
            int first = system == null ? 0 : 1;
            int room = model.maxLength() - Math.min(LEAST_ANSWER, model.maxLength() / 4);
            if (ids.length <= room || messages.size() - first < 3) {
                return ids;
            }
            messages.subList(first, first + 2).clear();
            out.println("[The oldest part of the conversation was forgotten: there is no room.]");
        }
    }

    private void show(GenerationStream stream) {
        for (Piece piece = stream.next(); piece != null; piece = stream.next()) {
            out.print(piece.text());
            out.flush();
        }
    }
}
