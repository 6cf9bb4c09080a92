package io.chagres.train.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class WordNetTest {
    private static List<String> definitions = List.of();

    @BeforeAll
    static void read() {
        definitions = texts(Source.WORDNET);
    }

    private static List<String> texts(String path) {
        var texts = new ArrayList<String>();
        Corpus.open(List.of(Source.of(path)))
                .forEach(document -> {
                    assertThat(document.domain()).isEqualTo(path);
                    texts.add(document.text());
                });
        return texts;
    }

    @Test
    void allSynsetsAreThere() {
        assertThat(definitions).hasSize(117_791);
        assertThat(definitions)
                .contains(
                        "tire iron (noun): hand tool consisting of a lever that is used to force"
                                + " the casing of a pneumatic tire onto a steel wheel",
                        "runic (adjective): relating to or consisting of runes",
                        "burn (verb): cause to undergo combustion");
    }

    @Test
    void everyTextHasTheSameForm() {
        assertThat(definitions)
                .allMatch(text -> text.matches("[^_]+? \\((noun|verb|adjective|adverb)\\): \\S.*"));
        assertThat(definitions).noneMatch(text -> text.contains("(p) ("));
        Set<String> kinds =
                definitions.stream()
                        .map(text -> text.replaceAll("^.*? \\(([a-z]+)\\): .*$", "$1"))
                        .collect(Collectors.toSet());
        assertThat(kinds).containsExactlyInAnyOrder("noun", "verb", "adjective", "adverb");
    }

    @Test
    void neighboursAreMixedAndTheOrderIsFixed() {
        assertThat(texts(Source.WORDNET)).isEqualTo(definitions);
        long nouns =
                definitions.subList(0, 1_000).stream()
                        .filter(text -> text.contains(" (noun): "))
                        .count();
        assertThat(nouns).isBetween(640L, 760L); // 70 % of all
    }

    @Test
    void examplesAreKeptOnDemand() {
        assertThat(texts(Source.WORDNET_EXAMPLES))
                .hasSize(117_791)
                .contains(
                        "burn (verb): cause to undergo combustion; \"burn garbage\";"
                                + " \"The car burns only Diesel oil\"");
    }

    @Test
    void aPartAndAllOthersAreTheWhole() {
        List<String> plants = texts("wordnet:noun.plant");
        List<String> others = texts("wordnet:-noun.plant");
        assertThat(plants).hasSize(8_032).anyMatch(text -> text.startsWith("rose (noun): "));
        assertThat(others).hasSize(117_791 - 8_032);
        List<String> both = new ArrayList<>(plants);
        both.addAll(others);
        assertThat(both.stream().sorted().toList())
                .isEqualTo(definitions.stream().sorted().toList());
        assertThat(texts("wordnet-examples:verb.weather")).anyMatch(text -> text.contains("; \""));
        List<Source> none = List.of(Source.of("wordnet:noun.plants"));
        assertThatThrownBy(() -> Corpus.open(none))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("WordNet has no part 'noun.plants', but adj.all, ")
                .hasMessageContaining("noun.plant");
    }

    @Test
    void markersAreDroppedFromLemmas() {
        String line = "00001740 00 s 02 a_la_mode(p) 0 able 0 000 | in fashion; x; \"so\"  ";
        assertThat(WordNet.format(line, false)).isEqualTo("a la mode (adjective): in fashion; x");
        assertThat(WordNet.format("00001740 00 z 01 x 0 000 | y", false)).isNull();
        assertThat(WordNet.format("not a synset", false)).isNull();
    }
}
