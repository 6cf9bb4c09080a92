package io.chagres.tensor.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JsonTest {
    private static JsonNode parse(String text) {
        return Json.parse(text, "f.json");
    }

    @Test
    void readsEveryKindOfValue() {
        JsonNode n =
                parse(
                        """
                        {"s": "ä\\n", "i": -3, "d": 1e-5, "t": true, "z": null,
                         "big": 1000000000000000019884624838656,
                         "l": [1, "x", {"k": 2}], "inf": Infinity}
                        """);
        assertThat(n.string("s")).isEqualTo("ä\n");
        assertThat(n.integer("i")).isEqualTo(-3);
        assertThat(n.number("d")).isEqualTo(1e-5);
        assertThat(n.number("i")).isEqualTo(-3.0);
        assertThat(n.bool("t")).isTrue();
        assertThat(n.has("z")).isFalse();
        assertThat(n.get("z").isNull()).isTrue();
        assertThat(n.get("big").value())
                .isEqualTo(new BigInteger("1000000000000000019884624838656"));
        assertThat(n.list("l").get(2).integer("k")).isEqualTo(2);
        assertThat(n.get("inf").value()).isEqualTo(Double.POSITIVE_INFINITY);
        assertThat(n.fields()).containsKeys("s", "inf").hasSize(8);
    }

    @Test
    void absentAndNullTakeTheGivenValue() {
        JsonNode n = parse("{\"z\": null}");
        assertThat(n.string("z", "d")).isEqualTo("d");
        assertThat(n.integer("no", 7)).isEqualTo(7);
        assertThat(n.number("no", 0.5)).isEqualTo(0.5);
        assertThat(n.bool("no", true)).isTrue();
        assertThat(n.intIn("no", 1, 2, 9)).isEqualTo(9);
        assertThat(n.listOrEmpty("no")).isEmpty();
        assertThat(n.find("z")).isNull();
    }

    @Test
    void errorsNameFileFieldAndWhatWasFound() {
        JsonNode n = parse("{\"a\": {\"b\": [0, 1, 2, \"x\"], \"c.d\": 1.5}, \"n\": 1e400}");
        assertThatThrownBy(() -> n.object("a").list("b").get(3).asLong())
                .isInstanceOf(JsonException.class)
                .hasMessage("f.json: field a.b[3]: expected integer, found string \"x\"");
        assertThatThrownBy(() -> n.object("a").integer("c.d"))
                .hasMessage("f.json: field a[\"c.d\"]: expected integer, found number 1.5");
        assertThatThrownBy(() -> n.object("a").string("e"))
                .hasMessage("f.json: field a.e: missing");
        assertThatThrownBy(() -> n.number("n")).hasMessageContaining("a finite number");
        assertThatThrownBy(() -> n.asList()).hasMessage("f.json: expected list, found object");
        assertThatThrownBy(() -> n.get("a").bool("b"))
                .hasMessage("f.json: field a.b: expected boolean, found list of 4");
        assertThatThrownBy(() -> parse("{\"i\": 7}").intIn("i", 1, 5))
                .hasMessage("f.json: field i: expected integer from 1 to 5, found integer 7");
        assertThatThrownBy(() -> parse("{\"i\": 99999999999999999999}").integer("i"))
                .hasMessageContaining("64 bits");
        assertThatThrownBy(() -> parse("[1]").string("k"))
                .hasMessage("f.json: expected object, found list of 1");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "{",
                "[1,",
                "{\"a\":1,}",
                "{} {}",
                "nul",
                "{\"a\" 1}",
                "[1 2]",
                "'a'",
                "\"\\x\"",
                "01",
                "{1:2}",
                "]",
                "\"unfinished",
                "// c\n1"
            })
    void refusesWhatIsNotJson(String text) {
        assertThatThrownBy(() -> parse(text))
                .isInstanceOf(JsonException.class)
                .hasMessageStartingWith("f.json: not JSON");
    }

    @Test
    void refusesRepeatedKeysAndDeepNesting() {
        assertThatThrownBy(() -> parse("{\"a\": null, \"a\": 1}"))
                .isInstanceOf(JsonException.class)
                .hasMessageContaining("\"a\" comes twice");
        assertThat(parse("[".repeat(100) + "]".repeat(100)).isList()).isTrue();
        assertThatThrownBy(() -> parse("[".repeat(100_000)))
                .isInstanceOf(JsonException.class)
                .hasMessageContaining("depth");
    }

    @Test
    void refusesBrokenUtf8AndNamesMissingFiles(@TempDir Path dir) throws Exception {
        Path file = dir.resolve("x.json");
        Files.write(file, new byte[] {'"', (byte) 0xC3, '"'});
        assertThatThrownBy(() -> Json.read(file))
                .isInstanceOf(JsonException.class)
                .hasMessageContaining("x.json")
                .hasMessageContaining("UTF-8");
        assertThatThrownBy(() -> Json.read(dir.resolve("none.json")))
                .isInstanceOf(NoSuchFileException.class)
                .hasMessageContaining("none.json");
    }

    @Test
    void writesWhatItReadsBack(@TempDir Path dir) throws Exception {
        Map<String, Object> inner = new LinkedHashMap<>();
        inner.put("eps", 1e-5);
        inner.put("float", 0.1f);
        inner.put("text", "q\"\\\n\u0001é");
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("z", 1);
        map.put("list", Arrays.asList(1L, null, true, List.of(), Map.of()));
        map.put("inner", inner);
        map.put("nan", Double.NaN);
        Path file = dir.resolve("x.json");
        Json.write(map, file);
        JsonNode n = Json.read(file);
        assertThat(n.fields().keySet()).containsExactly("z", "list", "inner", "nan");
        assertThat(n.object("inner").string("text")).isEqualTo("q\"\\\n\u0001é");
        assertThat(n.object("inner").number("eps")).isEqualTo(1e-5);
        assertThat(n.object("inner").number("float")).isEqualTo(0.1);
        assertThat(n.has("nan")).isFalse();
        assertThat(n.list("list").get(1).isNull()).isTrue();
        assertThat(Json.line(n)).isEqualTo(Json.line(map)).doesNotContain("\n");
        assertThat(Files.readString(file))
                .startsWith("{\n  \"z\": 1,\n  \"list\": [\n    1,\n    null,")
                .contains("[],\n    {}\n  ]")
                .endsWith("}\n");
    }

    @Test
    void refusesToWriteWhatIsNotJson() {
        assertThatThrownBy(() -> Json.line(new Object()))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Json.line(Map.of(1, 2)))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
