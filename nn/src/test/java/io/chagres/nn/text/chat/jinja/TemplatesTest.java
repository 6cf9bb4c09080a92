package io.chagres.nn.text.chat.jinja;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.chagres.tensor.io.Json;
import io.chagres.tensor.io.JsonNode;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/// Templates that use every feature, with what Jinja 3.1.6 makes of them (`templates.json`), set up
/// as Hugging Face's library does: text, places of `generation` blocks, or that it fails.
class TemplatesTest {
    static final Clock CLOCK =
            Clock.fixed(Instant.parse("2024-07-04T15:05:09Z"), ZoneOffset.UTC);

    @TestFactory
    List<DynamicTest> agreeWithJinja() throws IOException {
        String text;
        try (InputStream in = getClass().getResourceAsStream("templates.json")) {
            byte[] bytes = Objects.requireNonNull(in, "templates.json").readAllBytes();
            text = new String(bytes, StandardCharsets.UTF_8);
        }
        JsonNode json = Json.parse(text, "templates.json");
        Map<String, Object> variables = new LinkedHashMap<>();
        json.object("variables").fields().forEach((k, v) -> variables.put(k, v.value()));
        List<JsonNode> cases = json.list("cases");
        assertThat(cases).hasSizeGreaterThan(200);
        List<DynamicTest> tests = new ArrayList<>();
        for (JsonNode one : cases) {
            tests.add(DynamicTest.dynamicTest(one.string("name"), () -> check(one, variables)));
        }
        return tests;
    }

    private static void check(JsonNode one, Map<String, Object> variables) {
        String template = one.string("template");
        if (one.has("error")) {
            Throwable thrown = catchThrowable(() -> render(template, variables));
            assertThat(thrown)
                    .as("%s fails with: %s", template, one.string("error"))
                    .isInstanceOf(JinjaException.class);
            return;
        }
        Rendered rendered = render(template, variables);
        assertThat(rendered.text()).as(template).isEqualTo(one.string("text"));
        List<Rendered.Range> generated = new ArrayList<>();
        for (JsonNode range : one.listOrEmpty("generated")) {
            List<JsonNode> ends = range.asList();
            generated.add(
                    new Rendered.Range(
                            (int) ends.getFirst().asLong(), (int) ends.getLast().asLong()));
        }
        assertThat(rendered.generated()).as(template).isEqualTo(generated);
    }

    private static Rendered render(String template, Map<String, Object> variables) {
        return Template.parse(template).render(variables, Limits.DEFAULT, CLOCK);
    }
}
