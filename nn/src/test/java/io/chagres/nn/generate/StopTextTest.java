package io.chagres.nn.generate;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class StopTextTest {
    /// What is shown of each piece, the rest last.
    private static List<String> shown(List<String> stops, String... pieces) {
        StopText stop = new StopText(stops);
        List<String> shown = new ArrayList<>();
        for (String p : pieces) {
            shown.add(stop.push(p));
        }
        shown.add(stop.finish());
        return shown;
    }

    @Test
    void withoutStopsEverythingPasses() {
        assertThat(shown(List.of(), "a", "", "bc")).containsExactly("a", "", "bc", "");
        assertThat(shown(List.of(""), "a")).containsExactly("a", "");
    }

    @Test
    void aStopIsFoundAcrossPieces() {
        assertThat(shown(List.of("END"), "one E", "N", "D two"))
                .containsExactly("one ", "", "", "");
        assertThat(shown(List.of("END"), "oneENDtwo", "three")).containsExactly("one", "", "");
    }

    @Test
    void aBeginningThatGoesOnOtherwiseIsShownLater() {
        assertThat(shown(List.of("END"), "E", "N", "x")).containsExactly("", "", "ENx", "");
        assertThat(shown(List.of("aab"), "aa", "ab")).containsExactly("", "a", "");
        assertThat(shown(List.of("END"), "the EN")).containsExactly("the ", "EN");
    }

    @Test
    void theFirstToBeCompleteCounts() {
        assertThat(shown(List.of("three", "two"), "one two three")).containsExactly("one ", "");
        assertThat(shown(List.of("abc", "b"), "abc")).containsExactly("a", "");
        assertThat(shown(List.of("c", "abc"), "abc")).containsExactly("", "");
    }

    @Test
    void piecesDoNotMatter() {
        SplittableRandom random = new SplittableRandom(4);
        List<String> stops = List.of("aba", "bb", "caab", "b");
        for (int n = 0; n < 500; n++) {
            String text = text(random);
            List<String> used = n % 2 == 0 ? stops : stops.subList(0, 3);
            String whole = String.join("", shown(used, text));
            String single = String.join("", shown(used, text.split("")));
            String some = String.join("", shown(used, text.split("(?<=ab|c)")));
            assertThat(single).isEqualTo(whole).isEqualTo(some);
            assertThat(text).startsWith(whole);
            assertThat(used).noneMatch(whole::contains);
            assertThat(used.stream().anyMatch(text::contains))
                    .isEqualTo(whole.length() < text.length());
        }
    }

    private static String text(SplittableRandom random) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < 12; i++) {
            text.append((char) ('a' + random.nextInt(3)));
        }
        return text.toString();
    }
}
