package io.chagres.nn.text.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.chagres.nn.text.BpeTrainer;
import io.chagres.nn.text.Tokenizer;
import io.chagres.tensor.io.FormatException;
import io.chagres.tensor.io.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ChatTemplateTest {
    private static final List<ChatMessage> HI = List.of(ChatMessage.user("Hi"));
    private static final List<Map<String, Object>> TOOLS = List.of(Map.of("name", "f"));

    @TempDir Path folder;

    private ChatTemplate load(String file, Object json) throws IOException {
        Json.write(json, folder.resolve(file));
        return ChatTemplate.load(folder);
    }

    @Test
    void fromTheConfig() throws IOException {
        ChatTemplate template =
                load(
                        "tokenizer_config.json",
                        Map.of(
                                "chat_template",
                                "{{ bos_token }}{{ eos_token }}{{ pad_token }}"
                                        + "{{ additional_special_tokens }}{{ add_bos_token }}|",
                                "bos_token",
                                "<s>",
                                "eos_token",
                                Map.of("content", "</s>", "special", true),
                                "add_bos_token",
                                true,
                                "additional_special_tokens",
                                List.of("<a>", Map.of("content", "<b>"))));
        assertThat(template.render(HI, false)).isEqualTo("<s></s>['<a>', '<b>']|");
    }

    @Test
    void namedTemplates() throws IOException {
        ChatTemplate template =
                load(
                        "tokenizer_config.json",
                        Map.of(
                                "chat_template",
                                List.of(
                                        Map.of("name", "default", "template", "plain"),
                                        Map.of("name", "tool_use", "template", "{{ tools }}"))));
        assertThat(template.render(HI, false)).isEqualTo("plain");
        assertThat(template.render(HI, TOOLS, false, Map.of())).isEqualTo("[{'name': 'f'}]");
        ChatTemplate other =
                load(
                        "tokenizer_config.json",
                        Map.of(
                                "chat_template",
                                List.of(Map.of("name", "rag", "template", "plain"))));
        assertThatThrownBy(() -> other.render(HI, false))
                .hasMessageContaining("no default, only rag");
    }

    @Test
    void filesOverrideTheConfig() throws IOException {
        assertThatThrownBy(() -> ChatTemplate.load(folder))
                .isInstanceOf(NoSuchFileException.class)
                .hasMessageContaining("there is no chat template");
        assertThat(ChatTemplate.find(folder)).isEmpty();
        ChatTemplate config = load("tokenizer_config.json", Map.of("chat_template", "config"));
        assertThat(config.render(HI, false)).isEqualTo("config");
        ChatTemplate json = load("chat_template.json", Map.of("chat_template", "json"));
        assertThat(json.render(HI, false)).isEqualTo("json");
        Files.writeString(folder.resolve("chat_template.jinja"), "jinja\n");
        assertThat(ChatTemplate.load(folder).render(HI, false)).isEqualTo("jinja");
        Path more = Files.createDirectory(folder.resolve("additional_chat_templates"));
        Files.writeString(more.resolve("tool_use.jinja"), "tools");
        assertThat(ChatTemplate.load(folder).render(HI, TOOLS, false, Map.of())).isEqualTo("tools");
    }

    @Test
    void errorsNameTheTemplate() throws IOException {
        assertThatThrownBy(
                        () -> load("tokenizer_config.json", Map.of("chat_template", "\n{{ a b }}")))
                .isInstanceOf(ChatTemplateException.class)
                .hasMessageContaining("tokenizer_config.json (chat_template), line 2, column 6: ");
        assertThatThrownBy(() -> load("tokenizer_config.json", Map.of("chat_template", 3)))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("chat_template");
        Files.writeString(
                folder.resolve("chat_template.jinja"), "{{ raise_exception('Only two') }}");
        Json.write(Map.of(), folder.resolve("tokenizer_config.json"));
        ChatTemplate refusing = ChatTemplate.load(folder);
        assertThatThrownBy(() -> refusing.render(HI, false))
                .isInstanceOfSatisfying(
                        ChatTemplateException.class,
                        e -> {
                            assertThat(e.reason()).isEqualTo("Only two");
                            assertThat(e.line()).isEqualTo(1);
                            assertThat(e.column()).isEqualTo(19);
                        })
                .hasMessageContaining(folder.toString());
        assertThatThrownBy(() -> refusing.render(HI, List.of(), false, Map.of("x", new Object())))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("java.lang.Object");
    }

    @Test
    void variablesOfACall() {
        ChatTemplate template =
                ChatTemplate.of(
                        "{{ tools is none }} {{ documents is none }} {{ add_generation_prompt }} {{ x }}"
                                + " {{ messages|tojson }}",
                        Map.of("x", 1));
        assertThat(template.render(HI, List.of(), true, Map.of("x", 2.5f)))
                .isEqualTo("True True True 2.5 [{\"role\": \"user\", \"content\": \"Hi\"}]");
        List<ChatMessage> call =
                List.of(
                        ChatMessage.of("assistant", null)
                                .withToolCalls(List.of(new ToolCall("c", "f", Map.of("a", 1)))),
                        ChatMessage.tool("3", "c"),
                        ChatMessage.assistant("3.").with("reasoning_content", null));
        assertThat(ChatTemplate.of("{{ messages|tojson }}", Map.of()).render(call, false))
                .isEqualTo(
                        "[{\"role\": \"assistant\", \"content\": null, \"tool_calls\": [{\"id\":"
                                + " \"c\", \"type\": \"function\", \"function\": {\"name\": \"f\","
                                + " \"arguments\": {\"a\": 1}}}]}, {\"role\": \"tool\","
                                + " \"content\": \"3\", \"tool_call_id\": \"c\"}, {\"role\":"
                                + " \"assistant\", \"content\": \"3.\", \"reasoning_content\":"
                                + " null}]");
    }

    @Test
    void assistantMask() {
        Tokenizer tokenizer =
                BpeTrainer.create(300)
                        .bosToken("<s>")
                        .eosToken("</s>")
                        .prependBos(true)
                        .train(List.of("Hello there, hello you, hello 中文 😀"));
        ChatTemplate template =
                ChatTemplate.of(
                        "{{ bos_token }}{% for m in messages %}{{ m.role }}:{{ '\\n' }}"
                                + "{% if m.role == 'assistant' %}{% generation %}{{ m.content }}"
                                + "{{ eos_token }}{% endgeneration %}{% else %}{{ m.content }}"
                                + "{% endif %}{% endfor %}",
                        Map.of("bos_token", "<s>", "eos_token", "</s>"));
        List<ChatMessage> chat =
                List.of(
                        ChatMessage.user("hello 😀"),
                        ChatMessage.assistant("hello 中文 😀"),
                        ChatMessage.user("you"),
                        ChatMessage.assistant("there"));
        ChatPrompt prompt = template.encode(tokenizer, chat, List.of(), false, Map.of());
        boolean[] mask = prompt.assistantMask();
        assertThat(template.marksAssistant()).isTrue();
        assertThat(mask).isNotNull().hasSize(prompt.ids().length);
        List<Integer> masked = new ArrayList<>();
        for (int i = 0; i < mask.length; i++) {
            if (mask[i]) {
                masked.add(prompt.ids()[i]);
            }
        }
        int[] ids = masked.stream().mapToInt(Integer::intValue).toArray();
        assertThat(tokenizer.decode(ids, false)).isEqualTo("hello 中文 😀</s>there</s>");
        assertThat(tokenizer.decode(prompt.ids(), false)).isEqualTo(prompt.text());
        assertThat(prompt.ids()).containsOnlyOnce(tokenizer.bosId().orElseThrow());
        assertThat(mask[mask.length - 1]).isTrue();
        assertThat(mask[0]).isFalse();
    }

    @Test
    void noMaskWhereItsPlaceIsUnknown() {
        Tokenizer tokenizer = BpeTrainer.create(256).train(List.of("a"));
        String inMacro =
                "{% macro m() %}{% generation %}a{% endgeneration %}{% endmacro %}{{ m() }}";
        ChatPrompt prompt =
                ChatTemplate.of(inMacro, Map.of())
                        .encode(tokenizer, HI, List.of(), false, Map.of());
        assertThat(prompt.text()).isEqualTo("a");
        assertThat(prompt.assistantMask()).isNull();
    }

    @Test
    void messagesAreReadFromJson() {
        String json =
                """
                {"role": "assistant", "name": "bob", "content": [{"type": "text", "text": "a"},
                 {"type": "text", "text": "b"}], "tool_calls": [{"id": "c", "type": "function",
                 "function": {"name": "f", "arguments": "{}"}}, {"name": "g"}]}\
                """;
        ChatMessage message = ChatMessage.read(Json.parse(json, "test"));
        assertThat(message.withPlainContent().content()).isEqualTo("a\nb");
        assertThat(message.extra()).isEqualTo(Map.of("name", "bob"));
        assertThat(message.toolCalls())
                .containsExactly(new ToolCall("c", "f", "{}"), new ToolCall(null, "g", Map.of()));
        assertThatThrownBy(() ->
                        ChatMessage.read(Json.parse("{\"role\": \"user\", \"content\": 1}", "t")))
                .hasMessageContaining("content");
        assertThatThrownBy(() -> ChatMessage.read(Json.parse("{\"content\": \"a\"}", "t")))
                .hasMessageContaining("role");
        ChatMessage image =
                new ChatMessage("user", List.of(Map.of("type", "image")), List.of(), Map.of());
        assertThatThrownBy(image::withPlainContent).hasMessageContaining("no text");
        assertThatThrownBy(() -> new ChatMessage("user", 3, List.of(), Map.of()))
                .hasMessageContaining("java.lang.Integer");
    }
}
