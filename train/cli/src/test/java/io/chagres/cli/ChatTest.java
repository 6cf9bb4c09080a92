package io.chagres.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.chagres.nn.generate.GenerationStream;
import io.chagres.nn.generate.LanguageModel;
import io.chagres.nn.generate.SamplingOptions;
import io.chagres.nn.text.chat.ChatMessage;
import io.chagres.nn.text.chat.ChatTemplate;
import io.chagres.tensor.io.Json;
import io.chagres.tensor.io.JsonNode;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/// A conversation with a tiny model.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ChatTest {
    @TempDir private static Path folder;

    private LanguageModel model;
    private ChatTemplate template;
    private StringWriter out;

    @BeforeAll
    void load() throws IOException {
        TinyModel.write(folder);
        model = LanguageModel.load(folder, new LanguageModel.Options("cpu", 1, 0, Long.MAX_VALUE));
        template = ChatTemplate.load(folder);
    }

    @AfterAll
    void close() {
        model.close();
    }

    @BeforeEach
    void clear() {
        out = new StringWriter();
    }

    private Chat chat(String system, int tokens) {
        return chat(system, tokens, (stream, show) -> show.accept(stream));
    }

    private Chat chat(
            String system,
            int tokens,
            BiConsumer<GenerationStream, Consumer<GenerationStream>> answering) {
        SamplingOptions options =
                SamplingOptions.greedy(tokens).toBuilder().ignoreEos(true).build();
        return new Chat(model, template, options, system, new PrintWriter(out), answering);
    }

    private String answer(String prompt, int tokens) {
        SamplingOptions options =
                SamplingOptions.greedy(tokens).toBuilder().ignoreEos(true).build();
        return model.generate(model.tokenizer().encode(prompt, false), options, p -> true).text();
    }

    @Test
    void rememberWhatWasSaid() {
        Chat chat = chat("be kind", 6);
        assertThat(chat.handle(" hi ")).isTrue();
        String first = answer("<system>be kind|<user>hi|<assistant>", 6);
        assertThat(out.toString()).startsWith(first);
        assertThat(chat.handle("and?")).isTrue();
        String second =
                answer(
                        "<system>be kind|<user>hi|<assistant>" + first + "|<user>and?|<assistant>",
                        6);
        assertThat(chat.messages())
                .extracting(ChatMessage::content)
                .containsExactly("be kind", "hi", first, "and?", second);
        assertThat(out.toString()).contains("the answer was cut");
    }

    @Test
    void commandsAreNotMessages() throws IOException {
        Chat chat = chat(null, 3);
        chat.handle("hi");
        Path file = folder.resolve("talk.json");
        assertThat(chat.handle("/save " + file)).isTrue();
        JsonNode saved = Json.read(file);
        assertThat(saved.list("messages")).hasSize(2);
        assertThat(saved.list("messages").getFirst().string("content")).isEqualTo("hi");
        chat.handle("/reset");
        assertThat(chat.messages()).isEmpty();
        chat.handle("/system be brief");
        assertThat(chat.messages()).extracting(ChatMessage::role).containsExactly("system");
        chat.handle("/help");
        chat.handle("/nonsense");
        chat.handle("");
        assertThat(out.toString()).contains("/reset", "no command /nonsense");
        assertThat(chat.messages()).hasSize(1);
        assertThat(chat.handle("/quit")).isFalse();
    }

    @Test
    void anAnswerCanBeStopped() {
        Chat chat =
                chat(
                        null,
                        200,
                        (stream, show) -> {
                            stream.cancel();
                            show.accept(stream);
                        });
        chat.handle("hi");
        assertThat(out.toString()).contains("[stopped]");
        assertThat(chat.messages()).hasSize(2);
        assertThat(model.stats().kvUsedBytes()).isZero();
    }

    @Test
    void theOldestPartIsForgottenWhenThereIsNoRoom() {
        Chat chat = chat(null, 10);
        for (int i = 0; i < 6; i++) {
            chat.handle("the river runs to the sea ".repeat(4) + i);
        }
        assertThat(out.toString()).contains("was forgotten");
        assertThat(chat.messages().size()).isLessThan(12).isGreaterThan(1);
        assertThat(chat.messages().getFirst().role()).isEqualTo("user");
        chat.handle("river ".repeat(400));
        assertThat(out.toString()).contains("Cannot answer");
        assertThat(chat.messages().getLast().role()).isEqualTo("assistant");
    }

    @Test
    void aModelWithoutATemplateCannotChat() throws IOException {
        Path bare = folder.resolve("bare");
        TinyModel.write(bare);
        java.nio.file.Files.delete(bare.resolve("chat_template.jinja"));
        Cli cli = Cli.run("chat", bare.toString());
        assertThat(cli.code()).isEqualTo(1);
        assertThat(cli.err()).contains("chat template");
    }

    @Test
    void generateFollowsTheFile() {
        Cli cli = Cli.ok("generate", folder.toString(), "the sea", "-n", "5", "--json");
        List<JsonNode> ids = cli.json().list("ids");
        assertThat(ids).hasSizeBetween(1, 5);
        assertThat(Cli.ok("rehearse").out()).contains("The river runs");
    }
}
