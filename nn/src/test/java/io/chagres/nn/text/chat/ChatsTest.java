package io.chagres.nn.text.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.chagres.nn.text.SharedData;
import io.chagres.nn.text.Tokenizer;
import io.chagres.tensor.io.Json;
import io.chagres.tensor.io.JsonNode;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Whole chats, with tools, tool calls and reasoning, through the templates of published models and
/// through templates in the manner of other families. What is expected (`chats.json`) was rendered
/// by Jinja 3.1.6, set up as Hugging Face's library does; `null` where the template fails.
class ChatsTest {
    private static final Clock CLOCK =
            Clock.fixed(Instant.parse("2024-07-04T15:05:09Z"), ZoneOffset.UTC);

    private static JsonNode golden() throws IOException {
        try (InputStream in = ChatsTest.class.getResourceAsStream("chats.json")) {
            byte[] bytes = Objects.requireNonNull(in, "chats.json").readAllBytes();
            return Json.parse(new String(bytes, StandardCharsets.UTF_8), "chats.json");
        }
    }

    /// One chat and what comes with it.
    private record Chat(
            String name,
            List<ChatMessage> messages,
            List<Map<String, Object>> tools,
            boolean prompt,
            Map<String, Object> extra) {
        static Chat read(JsonNode json) {
            List<ChatMessage> messages =
                    json.list("messages").stream().map(ChatMessage::read).toList();
            List<Map<String, Object>> tools = new ArrayList<>();
            json.listOrEmpty("tools").forEach(tool -> tools.add(values(tool)));
            return new Chat(
                    json.string("name"),
                    messages,
                    tools,
                    json.bool("add_generation_prompt"),
                    values(json.object("extra")));
        }

        String render(ChatTemplate template) {
            return template.render(messages, tools, prompt, extra);
        }
    }

    private static Map<String, Object> values(JsonNode json) {
        Map<String, Object> values = new LinkedHashMap<>();
        json.fields().forEach((name, value) -> values.put(name, value.value()));
        return values;
    }

    private static void check(ChatTemplate template, JsonNode expected) throws IOException {
        List<JsonNode> chats = golden().list("chats");
        assertThat(chats).hasSize(expected.fields().size());
        for (JsonNode one : chats) {
            Chat chat = Chat.read(one);
            if (expected.has(chat.name)) {
                assertThat(chat.render(template))
                        .as(chat.name)
                        .isEqualTo(expected.string(chat.name));
            } else {
                assertThatThrownBy(() -> chat.render(template))
                        .as(chat.name)
                        .isInstanceOf(ChatTemplateException.class);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"deepseek_v3", "qwen3"})
    void publishedTemplates(String name) throws IOException {
        Path folder = SharedData.require("data/tokenizers/" + name);
        check(ChatTemplate.load(folder), golden().object("models").object(name));
    }

    @ParameterizedTest
    @ValueSource(strings = {"headers", "brackets", "generation", "macros"})
    void otherFamilies(String name) throws IOException {
        JsonNode own = golden().object("own").object(name);
        Map<String, Object> variables = values(golden().object("own_variables"));
        ChatTemplate template = ChatTemplate.of(own.string("template"), variables).withClock(CLOCK);
        check(template, own.object("expected"));
    }

    @Test
    void specialTokensAreThoseOfTheTemplate() throws IOException {
        Path folder = SharedData.require("data/tokenizers/deepseek_v3");
        Tokenizer tokenizer = Tokenizer.load(folder);
        ChatTemplate template = ChatTemplate.load(folder);
        List<ChatMessage> chat = List.of(ChatMessage.system("Be brief."), ChatMessage.user("Hi"));
        ChatPrompt prompt = template.encode(tokenizer, chat, List.of(), true, Map.of());
        int bos = tokenizer.bosId().orElseThrow();
        assertThat(prompt.ids()).startsWith(bos).isEqualTo(tokenizer.encode(prompt.text(), false));
        assertThat(prompt.ids()).containsOnlyOnce(bos);
        assertThat(tokenizer.decode(prompt.ids(), false)).isEqualTo(prompt.text());
        assertThat(prompt.assistantMask()).as("no generation blocks").isNull();
        assertThat(template.marksAssistant()).isFalse();
    }
}
