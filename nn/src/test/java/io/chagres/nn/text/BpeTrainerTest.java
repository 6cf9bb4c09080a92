package io.chagres.nn.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.chagres.tensor.io.Json;
import io.chagres.tensor.io.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BpeTrainerTest {
    private static final List<String> TEXTS =
            List.of(
                    "low low low low low lower lower",
                    "newest newest newest newest newest newest",
                    "widest widest widest, aaaa aaaaa naïve naïve");

    // What Hugging Face's BpeTrainer learns from the same texts.
    @Test
    void learnsTheMergesThatHuggingFaceLearns(@TempDir Path folder) throws IOException {
        Tokenizer tokenizer = BpeTrainer.create(290).bosToken("<s>").eosToken("</s>").train(TEXTS);
        assertThat(merges(tokenizer, folder))
                .containsExactly(
                        "e s",
                        "es t",
                        "a a",
                        "l o",
                        "Ġ n",
                        "lo w",
                        "e w",
                        "Ġ low",
                        "ew est",
                        "Ġn ewest",
                        "d est",
                        "i dest",
                        "w idest",
                        "a Ã",
                        "e r",
                        "v e",
                        "¯ ve",
                        "Ġ aa",
                        "Ġ widest",
                        "Ġn aÃ",
                        "Ġlow er",
                        "Ġaa aa",
                        "ĠnaÃ ¯ve");
        assertThat(tokenizer.vocabSize()).as("no pair occurs twice any more").isEqualTo(281);
        assertThat(tokenizer.encode("lowest naïve newer <s>"))
                .containsExactly(263, 259, 280, 262, 264, 272, 222, 0);
    }

    @Test
    void specialTokensThenBytesThenMerges() {
        Tokenizer tokenizer =
                BpeTrainer.create(270)
                        .specialToken("<mask>")
                        .padToken("<pad>")
                        .eosToken("<eos>")
                        .bosToken("<eos>")
                        .train(TEXTS);
        assertThat(tokenizer.vocabSize()).isEqualTo(270);
        assertThat(tokenizer.idToToken(0)).isEqualTo("<mask>");
        assertThat(tokenizer.padId()).hasValue(1);
        assertThat(tokenizer.eosId()).hasValue(2);
        assertThat(tokenizer.bosId()).as("one token may play two parts").hasValue(2);
        assertThat(tokenizer.idToToken(3)).as("the first byte of the alphabet").isEqualTo("!");
        assertThat(tokenizer.idToToken(259)).as("the first merge").isEqualTo("es");
    }

    @Test
    void minFrequencyEndsTraining() {
        assertThat(BpeTrainer.create(400).minFrequency(6).train(TEXTS).vocabSize())
                .isEqualTo(256 + 9);
        assertThat(BpeTrainer.create(400).minFrequency(1000).train(TEXTS).vocabSize())
                .isEqualTo(256);
        assertThat(BpeTrainer.create(400).train(List.of()).vocabSize()).isEqualTo(256);
    }

    @Test
    void theOrderOfTextsDoesNotMatter(@TempDir Path folder) throws IOException {
        List<String> texts = new ArrayList<>(TinyTokenizer.texts());
        List<String> first = merges(TinyTokenizer.trainer().train(texts), folder.resolve("a"));
        Collections.shuffle(texts, new Random(1));
        List<String> second = merges(TinyTokenizer.trainer().train(texts), folder.resolve("b"));
        assertThat(second).isEqualTo(first);
    }

    @Test
    void prependsBosWhenAsked() {
        Tokenizer tokenizer = BpeTrainer.create(280).bosToken("<s>").prependBos(true).train(TEXTS);
        int[] plain = tokenizer.encode("low", false);
        int[] special = tokenizer.encode("low");
        assertThat(special).hasSize(plain.length + 1).startsWith(0).endsWith(plain);
        Encoding encoding = tokenizer.encodeWithOffsets("low", true);
        assertThat(encoding.start(0)).isZero();
        assertThat(encoding.end(0)).isZero();
    }

    @Test
    void reportsProgress() {
        List<Long> merged = new ArrayList<>();
        List<Long> counted = new ArrayList<>();
        TinyTokenizer.trainer()
                .progress((phase, done, total) -> {
                    if (phase == BpeTrainer.Phase.MERGE) {
                        merged.add(done);
                        assertThat(total).isEqualTo(600);
                    } else {
                        counted.add(done);
                    }
                })
                .train(TinyTokenizer.texts());
        assertThat(counted).endsWith(64L);
        assertThat(merged).isSorted().hasSizeGreaterThan(1);
    }

    @Test
    void impossibleSettingsAreRefused() {
        assertThatThrownBy(() -> BpeTrainer.create(256).bosToken("<s>").train(TEXTS))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("vocabSize 256");
        assertThatThrownBy(() -> BpeTrainer.create(300).prependBos(true).train(TEXTS))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("bosToken");
        assertThatThrownBy(() -> BpeTrainer.create(300).specialToken(""))
                .isInstanceOf(IllegalArgumentException.class);
    }

    private static List<String> merges(Tokenizer tokenizer, Path folder) throws IOException {
        tokenizer.save(folder);
        JsonNode json = Json.read(folder.resolve("tokenizer.json"));
        return json.object("model").list("merges").stream().map(JsonNode::asString).toList();
    }
}
