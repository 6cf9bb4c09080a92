package io.chagres.nn.text;

import static org.assertj.core.api.Assertions.assertThat;

import io.chagres.tensor.io.Json;
import io.chagres.tensor.io.JsonNode;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/// Small tokenizers made of every known component, with what Hugging Face's library does with
/// twenty difficult texts (`components.json`): ids, source ranges, decoded text.
class ComponentsTest {
    @TestFactory
    List<DynamicTest> agreeWithHuggingFace() throws IOException {
        String text;
        try (InputStream in = getClass().getResourceAsStream("components.json")) {
            byte[] bytes = Objects.requireNonNull(in, "components.json").readAllBytes();
            text = new String(bytes, StandardCharsets.UTF_8);
        }
        List<JsonNode> cases = Json.parse(text, "components.json").list("cases");
        assertThat(cases).hasSizeGreaterThan(25);
        List<DynamicTest> tests = new ArrayList<>();
        for (JsonNode example : cases) {
            tests.add(DynamicTest.dynamicTest(example.string("name"), () -> check(example)));
        }
        return tests;
    }

    private static void check(JsonNode example) {
        Tokenizer tokenizer =
                Tokenizer.of(
                        example.string("name"),
                        Map.of("tokenizer.json", Json.line(example.get("tokenizer"))));
        for (JsonNode row : example.list("rows")) {
            GoldenRows.check(tokenizer, row, row.bool("exact_offsets"));
            int[] ids = tokenizer.encode(row.string("text"));
            assertThat(Streams.decode(tokenizer, ids, true)).isEqualTo(tokenizer.decode(ids, true));
        }
    }
}
