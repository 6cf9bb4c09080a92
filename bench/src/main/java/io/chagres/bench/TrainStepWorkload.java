package io.chagres.bench;

import io.chagres.autograd.Tape;
import io.chagres.nn.layer.Modules;
import io.chagres.nn.loss.CausalLoss;
import io.chagres.nn.transformer.Presets;
import io.chagres.nn.transformer.Transformer;
import io.chagres.nn.transformer.TransformerBuilder;
import io.chagres.nn.transformer.TransformerConfig;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.backend.Backend;
import io.chagres.tensor.memory.TensorArena;
import io.chagres.train.optim.AdamWOptimizer;
import io.chagres.train.recipe.Precision;
import java.util.List;
import java.util.function.Consumer;

/// Whole training steps of a preset on B x T tokens: forward, backward, clipping and AdamW. With
/// `bf16` the products of the forward pass and their gradients are.
final class TrainStepWorkload implements Workload {
    @Override
    public String name() {
        return "train-step";
    }

    @Override
    public String unit() {
        return "tokens_per_second";
    }

    @Override
    public double work(Task task) {
        int[] s = task.dims();
        return (double) s[0] * s[1];
    }

    @Override
    public List<Task> tasks(Choice choice) {
        return List.of(
                new Task(name(), "step", "gpt-12m:8x256", choice.dtype()),
                new Task(name(), "step", "gpt2-124m:4x64", choice.dtype()),
                new Task(name(), "step", "gpt2-124m:4x256", choice.dtype()));
    }

    @Override
    public Prepared prepare(Backend backend, int threads, Task task) {
        return prepare(backend, task, Runnable::run);
    }

    /// Prepares a step whose body something else runs, inside the step's arena.
    Prepared prepare(Backend backend, Task task, Consumer<Runnable> around) {
        Precision precision =
                switch (task.dtype()) {
                    case "f32" -> Precision.F32;
                    case "bf16" -> Precision.BF16;
                    default ->
                            throw new Unsupported("no training step computes in " + task.dtype());
                };
        TransformerConfig config = Presets.of(task.label());
        int[] s = task.dims();
        int tokens = s[0] * s[1];
        Operands o = new Operands(backend);
        TensorArena weights = backend.arena("weights");
        Transformer model = TransformerBuilder.create(config, weights, 1);
        AdamWOptimizer optimizer =
                new AdamWOptimizer(
                        Modules.parameters(model), weights, AdamWOptimizer.Options.defaults());
        weights.seal();
        Tensor x = o.ids(config.vocabSize(), s[0], s[1]);
        Tensor y = o.ids(config.vocabSize(), s[0], s[1]);
        Runnable body =
                () -> {
                    Tape.valueAndGrad(
                                    optimizer.parameters(),
                                    () -> precision.compute(() -> loss(model, x, y, tokens)),
                                    optimizer::accumulate)
                            .item();
                    optimizer.step(3e-4, 1.0);
                };
        Prepared step = o.prepared(() -> around.accept(body));
        return new Prepared() {
            @Override
            public void run() {
                step.run();
            }

            @Override
            public long peakBytes() {
                return weights.peak() + step.peakBytes();
            }

            @Override
            public void close() {
                step.close();
                weights.close();
            }
        };
    }

    private static Tensor loss(Transformer model, Tensor x, Tensor y, int tokens) {
        return CausalLoss.sum(model.logits(Transformer.Input.of(x)), y).scale(1.0 / tokens);
    }
}
