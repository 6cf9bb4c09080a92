package io.chagres.bench;

import io.chagres.autograd.Tape;
import io.chagres.nn.layer.Modules;
import io.chagres.nn.loss.CausalLoss;
import io.chagres.nn.transformer.Presets;
import io.chagres.nn.transformer.Transformer;
import io.chagres.nn.transformer.TransformerBuilder;
import io.chagres.nn.transformer.TransformerConfig;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.backend.Backend;
import io.chagres.tensor.backend.Backends;
import io.chagres.tensor.memory.TensorArena;
import io.chagres.tensor.random.Rng;
import io.chagres.train.optim.AdamWOptimizer;
import java.util.List;
import java.util.function.Consumer;

/// Whole training steps: forward, backward, clipping and AdamW, F32.
public final class TrainStepBench {
    /// What is trained.
    ///
    /// @param preset the model
    /// @param batch sequences per step
    /// @param length tokens per sequence
    public record Work(String preset, int batch, int length) {}

    /// `gpt-12m`: GPT-2 style, 6 layers, hidden 384, 6 heads, vocabulary 4,096, T = 256, B = 8.
    public static final List<Work> WORKS = List.of(new Work("gpt-12m", 8, 256));

    private TrainStepBench() {}

    /// Measures every configuration.
    public static void run(int threads, double seconds, Consumer<Measurement> sink) {
        for (Work w : WORKS) {
            sink.accept(measure(w, threads, seconds));
        }
    }

    private static Measurement measure(Work work, int threads, double seconds) {
        TransformerConfig config = Presets.of(work.preset());
        int tokens = work.batch() * work.length();
        Rng rng = new Rng(1);
        int[] ids = new int[tokens];
        int[] targets = new int[tokens];
        for (int i = 0; i < tokens; i++) {
            ids[i] = rng.nextInt(config.vocabSize());
            targets[i] = rng.nextInt(config.vocabSize());
        }
        Shape shape = Shape.of(work.batch(), work.length());
        try (Backend backend = Backends.open("cpu", threads);
                TensorArena weights = backend.arena("weights");
                TensorArena step = backend.arena("step")) {
            Transformer model = TransformerBuilder.create(config, weights, 1);
            AdamWOptimizer optimizer =
                    new AdamWOptimizer(
                            Modules.parameters(model), weights, AdamWOptimizer.Options.defaults());
            weights.seal();
            double time =
                    Timing.median(
                            seconds / 2,
                            seconds,
                            () ->
                                    step.call(() -> {
                                        Tensor x = Tensor.of(step, shape, ids);
                                        Tensor y = Tensor.of(step, shape, targets);
                                        Tape.valueAndGrad(
                                                optimizer.parameters(),
                                                () -> loss(model, x, y, tokens),
                                                optimizer::accumulate);
                                        return optimizer.step(3e-4, 1.0);
                                    }));
            return new Measurement(
                    "train-step",
                    work.preset(),
                    threads,
                    time,
                    tokens / time,
                    "tokens_per_second",
                    weights.peak() + step.peak());
        }
    }

    private static Tensor loss(Transformer model, Tensor x, Tensor y, int tokens) {
        return CausalLoss.sum(model.logits(Transformer.Input.of(x)), y).scale(1.0 / tokens);
    }
}
