package io.chagres.train.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.chagres.kernels.cpu.CpuBackend;
import io.chagres.nn.hf.HfCheckpoint;
import io.chagres.nn.hf.config.GenerationConfig;
import io.chagres.nn.layer.Modules;
import io.chagres.nn.text.BpeTrainer;
import io.chagres.nn.text.Tokenizer;
import io.chagres.nn.transformer.Transformer;
import io.chagres.nn.transformer.TransformerBuilder;
import io.chagres.nn.transformer.TransformerConfig;
import io.chagres.nn.transformer.TransformerConfigBuilder;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.TensorData;
import io.chagres.tensor.io.FormatException;
import io.chagres.tensor.memory.TensorArena;
import io.chagres.train.optim.AdamWOptimizer;
import io.chagres.train.recipe.Recipe;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckpointTest {
    private static final TrainerState STATE = TrainerState.start(1, "k", 0);

    private final CpuBackend backend = new CpuBackend(1);
    private final TensorArena weights = backend.arena("weights");
    private final Tokenizer tokenizer =
            BpeTrainer.create(270).eosToken("<|end|>").train(List.of("some text to learn from"));

    @TempDir Path folder;

    @AfterEach
    void close() {
        weights.close();
        backend.close();
    }

    private Transformer model(TransformerConfigBuilder builder, int hidden) {
        TransformerConfig config =
                builder.vocabSize(tokenizer.vocabSize())
                        .hiddenSize(hidden)
                        .numLayers(1)
                        .numHeads(2)
                        .maxPositionEmbeddings(8)
                        .build();
        return TransformerBuilder.create(config, weights, 3);
    }

    private AdamWOptimizer optimizer(Transformer model) {
        return new AdamWOptimizer(
                Modules.parameters(model), weights, AdamWOptimizer.Options.defaults());
    }

    private Path save(Transformer model, AdamWOptimizer optimizer) throws IOException {
        Path last = folder.resolve("last");
        var files =
                new Checkpoint.ModelFiles(
                        model, GenerationConfig.ofTokens(null, List.of(0), null), tokenizer);
        Checkpoint.save(last, files, optimizer, Recipe.of(Map.of()), STATE);
        return last;
    }

    @Test
    void everythingComesBack() throws IOException {
        var llama = TransformerConfigBuilder.llama();
        for (var style : List.of(llama, TransformerConfigBuilder.gpt2())) {
            Transformer model = model(style, 16);
            AdamWOptimizer optimizer = optimizer(model);
            float value = 0;
            for (Tensor t : optimizer.state().values()) {
                float[] v = t.toFloats();
                for (int i = 0; i < v.length; i++) {
                    v[i] = value += 0.25f;
                }
                TensorData.set(t, v);
            }
            Path last = save(model, optimizer);
            Checkpoint back = Checkpoint.open(last, 0);
            assertThat(back.state()).isEqualTo(STATE);
            assertThat(back.recipe()).isEqualTo(Recipe.of(Map.of()));
            assertThat(Tokenizer.load(last).encode("text")).isEqualTo(tokenizer.encode("text"));
            Transformer other = HfCheckpoint.load(last, weights).model();
            AdamWOptimizer restored = optimizer(other);
            back.restore(restored);
            assertSame(Modules.parameters(other), Modules.parameters(model));
            assertSame(restored.state(), optimizer.state());
        }
    }

    private static void assertSame(Map<String, Tensor> got, Map<String, Tensor> want) {
        Map<String, float[]> values = new LinkedHashMap<>();
        got.forEach((name, t) -> values.put(name, t.toFloats()));
        assertThat(values).hasSameSizeAs(want);
        want.forEach((name, t) -> assertThat(values.get(name)).as(name).isEqualTo(t.toFloats()));
    }

    @Test
    void anotherModelsMomentsAreRefused() throws IOException {
        Transformer model = model(TransformerConfigBuilder.llama(), 16);
        Checkpoint checkpoint = Checkpoint.open(save(model, optimizer(model)), 0);
        AdamWOptimizer wider = optimizer(model(TransformerConfigBuilder.llama(), 32));
        assertThatThrownBy(() -> checkpoint.restore(wider))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining(Checkpoint.OPTIMIZER_FILE)
                .hasMessageContaining("tokens.weight");
        AdamWOptimizer gpt2 = optimizer(model(TransformerConfigBuilder.gpt2(), 16));
        assertThatThrownBy(() -> checkpoint.restore(gpt2)).isInstanceOf(FormatException.class);
    }

    @Test
    void aModelAloneIsNoCheckpointToGoOnFrom() throws IOException {
        Transformer model = model(TransformerConfigBuilder.llama(), 16);
        Path last = save(model, optimizer(model));
        Files.delete(last.resolve(TrainerState.FILE));
        assertThatThrownBy(() -> Checkpoint.open(last, 0))
                .isInstanceOf(NoSuchFileException.class)
                .hasMessageContaining("no training can go on from it");
    }
}
