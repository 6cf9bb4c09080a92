package io.chagres.nn.transformer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.chagres.nn.layer.Activation;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

class TransformerConfigTest {
    @Test
    void presetsHaveTheirSizes() {
        assertThat(Presets.of("gpt2-124m").parameterCount()).isEqualTo(124_439_808L);
        assertThat(Presets.of("gpt2-355m").parameterCount()).isEqualTo(354_823_168L);
        assertThat(Presets.gpt12m().parameterCount()).isBetween(12_000_000L, 12_900_000L);
        assertThat(Presets.llama3m().parameterCount()).isBetween(2_800_000L, 3_400_000L);
        assertThat(Presets.of("llama-110m").parameterCount()).isBetween(105_000_000L, 115_000_000L);
        assertThat(Presets.of("llama-335m").parameterCount()).isBetween(330_000_000L, 340_000_000L);
        assertThat(Presets.names()).contains("gpt-12m", "llama-tiny").hasSize(7);
        assertThatThrownBy(() -> Presets.of("gpt-5"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContainingAll("gpt-5", "gpt-12m");
    }

    @Test
    void theBenchmarkModelIsAsAgreed() {
        TransformerConfig c = Presets.gpt12m();
        assertThat(c)
                .isEqualTo(
                        TransformerConfigBuilder.gpt2()
                                .numLayers(6)
                                .hiddenSize(384)
                                .numHeads(6)
                                .vocabSize(4096)
                                .maxPositionEmbeddings(256)
                                .tokens(0, List.of(0), null)
                                .build());
        assertThat(c.intermediateSize()).isEqualTo(1536);
        assertThat(c.headDim()).isEqualTo(64);
        assertThat(c.norm()).isEqualTo(NormType.LAYER_NORM);
    }

    /// Counted by hand: 2 layers, width 8, 2 heads of 4 over 1 key head, MLP 16, vocabulary 10.
    @Test
    void countsParameters() {
        TransformerConfig c =
                TransformerConfigBuilder.llama()
                        .numLayers(2)
                        .hiddenSize(8)
                        .numHeads(2)
                        .numKvHeads(1)
                        .intermediateSize(16)
                        .vocabSize(10)
                        .maxPositionEmbeddings(4)
                        .build();
        long layer = 8 * 8 + 2 * 8 * 4 + 8 * 8 + 3 * 8 * 16 + 2 * 8;
        assertThat(c.parameterCount()).isEqualTo(2 * 80 + 2 * layer + 8);
        TransformerConfig biased = c.toBuilder().biases(true, true, true).tiedHead(true).build();
        long biases = 8 + 4 + 4 + 8 + 16 + 16 + 8;
        assertThat(biased.parameterCount()).isEqualTo(80 + 2 * (layer + biases) + 8);
    }

    @Test
    void derivedSizesFollowOtherOnes() {
        TransformerConfig c = Presets.llama3m();
        assertThat(c.headDim()).isEqualTo(32);
        assertThat(c.intermediateSize()).isEqualTo(512);
        assertThat(c.toBuilder().build()).isEqualTo(c);
        TransformerConfig wide = c.toBuilder().hiddenSize(384).build();
        assertThat(wide.headDim()).isEqualTo(64);
        assertThat(wide.intermediateSize()).isEqualTo(1024);
        TransformerConfig set = c.toBuilder().headDim(16).intermediateSize(7).build();
        assertThat(set.toBuilder().hiddenSize(384).build())
                .satisfies(d -> {
                    assertThat(d.headDim()).isEqualTo(16);
                    assertThat(d.intermediateSize()).isEqualTo(7);
                });
        for (String name : Presets.names()) {
            assertThat(Presets.of(name).toBuilder().build()).isEqualTo(Presets.of(name));
        }
    }

    private static void assertRefused(UnaryOperator<TransformerConfigBuilder> change, String name) {
        TransformerConfigBuilder b = change.apply(Presets.llamaTiny().toBuilder());
        assertThatThrownBy(b::build)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(name);
    }

    @Test
    void refusesWhatDoesNotFitTogether() {
        assertRefused(b -> b.vocabSize(0), "vocabSize");
        assertRefused(b -> b.hiddenSize(0), "hiddenSize");
        assertRefused(b -> b.hiddenSize(63), "hiddenSize 63 is not a multiple of numHeads 4");
        assertRefused(b -> b.numLayers(-1), "numLayers");
        assertRefused(b -> b.numHeads(0), "numHeads");
        assertRefused(b -> b.numKvHeads(3), "numKvHeads 3");
        assertRefused(b -> b.headDim(3), "headDim");
        assertRefused(b -> b.headDim(Integer.MAX_VALUE - 1), "headDim");
        assertRefused(b -> b.maxPositionEmbeddings(0), "maxPositionEmbeddings");
        assertRefused(b -> b.norm(NormType.RMS_NORM, 0), "normEps");
        assertRefused(b -> b.mlp(Activation.GELU, true), "SILU");
        assertRefused(b -> b.positions(new Positions.Rope(Double.NaN)), "theta");
        assertRefused(b -> b.slidingWindow(-1), "slidingWindow");
        assertRefused(b -> b.initializerRange(-0.1), "initializerRange");
        assertRefused(b -> b.tokens(512, List.of(), null), "bosId");
        assertRefused(b -> b.tokens(0, List.of(1, -1), null), "eosIds");
        assertRefused(b -> b.tokens(0, List.of(), 999), "padId");
    }
}
