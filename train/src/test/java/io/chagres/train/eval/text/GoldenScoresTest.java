package io.chagres.train.eval.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.chagres.tensor.io.Json;
import io.chagres.tensor.io.JsonNode;
import io.chagres.train.SharedData;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/// Scores that sacrebleu, NLTK, rouge_score and ROUGE-1.5.5 give.
class GoldenScoresTest {
    @Test
    void bleuAndChrF() throws IOException {
        Path file = SharedData.require("data/bleu/bleu_golden.json");
        Map<String, Integer> seen = new HashMap<>();
        for (JsonNode row : Json.read(file).asList()) {
            List<String> texts = strings(row.get("hyp"));
            List<List<String>> references = references(row);
            String name = row.string("name");
            seen.merge(name, 1, Integer::sum);
            switch (name) {
                case "chrf" -> {
                    assertThat(ChrF.STANDARD.corpus(texts, references))
                            .isEqualTo(row.number("chrf"));
                    assertThat(ChrF.PLUS_PLUS.corpus(texts, references))
                            .isEqualTo(row.number("chrf++"));
                }
                case "sentence_bleu_exp" ->
                        assertThat(
                                        Bleu.STANDARD
                                                .sentence(texts.getFirst(), references.getFirst())
                                                .value())
                                .isEqualTo(row.number("bleu"));
                case "nltk_corpus_bleu_ws" -> // which multiplies in another order
                        assertThat(Bleu.with(BleuTokenizer.NONE).corpus(texts, references).value())
                                .isEqualTo(row.number("bleu"), within(1e-12));
                default -> {
                    Bleu.Score score = bleu(row.get("opts")).corpus(texts, references);
                    assertThat(score.value()).as(row.toString()).isEqualTo(row.number("bleu"));
                    assertThat(score.precisions())
                            .isEqualTo(
                                    row.list("precisions").stream()
                                            .map(JsonNode::asDouble)
                                            .toList());
                    assertThat(score.brevityPenalty()).isEqualTo(row.number("bp"));
                }
            }
        }
        assertThat(seen).containsKeys("readme", "zh", "short", "empty", "perfect", "chrf");
    }

    @Test
    void rouge() throws IOException {
        Path file = SharedData.require("data/rouge/rouge_golden.json");
        int rows = 0;
        for (JsonNode row : Json.read(file).asList()) {
            Rouge.Kind kind = null;
            for (Rouge.Kind each : Rouge.Kind.values()) {
                kind = each.label().equals(row.string("metric")) ? each : kind;
            }
            assertThat(kind).as(row.toString()).isNotNull();
            Rouge.Score score =
                    new Rouge(row.bool("stemmer"))
                            .score(kind, row.string("prediction"), row.string("target"));
            assertPrinted(score.precision(), row.number("p"), row);
            assertPrinted(score.recall(), row.number("r"), row);
            assertPrinted(score.f(), row.number("f"), row);
            rows++;
        }
        assertThat(rows).isGreaterThan(50);
    }

    /// Equal to the last printed digit: ROUGE-1.5.5 prints five.
    private static void assertPrinted(double value, double printed, JsonNode row) {
        int digits = new BigDecimal(Double.toString(printed)).scale();
        double half = digits > 5 ? 0 : 0.5 * Math.pow(10, -5) + 1e-12;
        assertThat(value).as(row.toString()).isEqualTo(printed, within(half));
    }

    private static Bleu bleu(JsonNode options) {
        String smoothing = options.string("smooth_method", "exp");
        return new Bleu(
                BleuTokenizer.of(options.string("tokenize", "13a")),
                options.bool("lowercase", false),
                switch (smoothing) {
                    case "none" -> Bleu.Smoothing.NONE;
                    case "floor" -> Bleu.Smoothing.FLOOR;
                    case "add-k" -> Bleu.Smoothing.ADD_K;
                    default -> Bleu.Smoothing.EXP;
                },
                smoothing.equals("floor") ? 0.1 : 1,
                options.bool("effective_order", false),
                4);
    }

    /// References by text: the file has them by translator.
    private static List<List<String>> references(JsonNode row) {
        List<List<String>> all = new ArrayList<>();
        for (int i = 0; i < row.list("hyp").size(); i++) {
            List<String> one = new ArrayList<>();
            for (JsonNode translator : row.list("refs")) {
                one.add(strings(translator).get(i));
            }
            all.add(one);
        }
        return all;
    }

    private static List<String> strings(JsonNode list) {
        return list.asList().stream().map(JsonNode::asString).toList();
    }
}
