package io.chagres.nn.text.regex;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.chagres.tensor.io.Json;
import io.chagres.tensor.io.JsonException;
import io.chagres.tensor.io.JsonNode;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class OnigPatternTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '§',
            value = {
                "\\p{Han}+§\\p{IsHan}+",
                "\\p{^L}§\\P{L}",
                "\\P{^Letter}§\\p{L}",
                "[\\p{^N}x]§[\\P{N}x]",
                "\\h\\H§[0-9a-fA-F][^0-9a-fA-F]",
                "[\\h_]§[0-9a-fA-F_]",
                "[[:alpha:]_[:^digit:]]§[\\p{Alpha}_\\P{Digit}]",
                "(?m:.)(?i-m:a)§(?s:.)(?i-s:a)",
                "\\p{N}{1,3}+§(?:\\p{N}{1,3})+",
                "(ab(c)){2}+x§(?:(ab(c)){2})+x",
                "a{,3}§a{0,3}",
                "a{x}§a\\{x}",
                "[^\\r\\n\\p{L}]?+\\p{L}++§[^\\r\\n\\p{L}]?+\\p{L}++",
                "\\s+(?!\\S)§\\s+(?!\\S)"
            })
    void translates(String onig, String java) {
        assertThat(OnigPattern.translate(onig)).isEqualTo(java);
        assertThat(OnigPattern.compile(onig).pattern()).isEqualTo(java);
    }

    @Test
    void shorthandsAreUnicode() {
        assertThat(OnigPattern.compile("\\s").matcher("\u3000").matches()).isTrue();
        assertThat(OnigPattern.compile("\\d").matcher("٣").matches()).isTrue();
        assertThat(OnigPattern.compile("\\w+").matcher("naïve_文").matches()).isTrue();
        assertThat(OnigPattern.compile("(?i:'s)").matcher("'ſ").matches()).isTrue();
        assertThat(OnigPattern.compile("^b$").matcher("a\nb\nc").find()).isTrue();
        assertThat(OnigPattern.compile(".").matcher("\r").matches()).isTrue();
    }

    @Test
    void literalPatternsAreQuoted() {
        JsonNode json = json(Map.of("String", "a.b\\E"));
        assertThat(OnigPattern.read(json).matcher("a.b\\E").matches()).isTrue();
        assertThat(OnigPattern.read(json).matcher("axb\\E").matches()).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"[a", "(", "\\", "a**b(?~x)", "\\p{NoSuchThing}", "[[:alpha", "x)"})
    void unsupportedExpressionsAreNamed(String onig) {
        assertThatThrownBy(() -> OnigPattern.compile(onig))
                .isInstanceOf(PatternSyntaxException.class);
        JsonNode json = json(Map.of("Regex", onig));
        assertThatThrownBy(() -> OnigPattern.read(json))
                .isInstanceOf(JsonException.class)
                .hasMessageStartingWith("t.json: field Regex: unsupported");
    }

    @Test
    void aPatternNeedsAKind() {
        JsonNode json = json(Map.of("Glob", "*"));
        assertThatThrownBy(() -> OnigPattern.read(json))
                .isInstanceOf(JsonException.class)
                .hasMessageContaining("'String' or 'Regex'");
        assertThat(OnigPattern.compile("a").flags() & Pattern.UNICODE_CHARACTER_CLASS).isNotZero();
    }

    private static JsonNode json(Map<String, String> fields) {
        return Json.parse(Json.line(fields), "t.json");
    }
}
