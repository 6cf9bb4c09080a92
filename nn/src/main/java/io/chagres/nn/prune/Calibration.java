package io.chagres.nn.prune;

import io.chagres.autograd.Tape;
import io.chagres.nn.layer.Modules;
import io.chagres.nn.loss.TrainingLoss;
import io.chagres.nn.moe.RouterMonitor;
import io.chagres.nn.moe.RouterReport;
import io.chagres.nn.prune.Site.Part;
import io.chagres.nn.transformer.Transformer;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.memory.TensorArena;
import io.chagres.tensor.op.CrossEntropy;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Scores the units of a model on text.
///
/// @param texts the text
public record Calibration(List<Text> texts) {
    /// Some sequences of equal length.
    ///
    /// @param ids token ids, row by row
    /// @param targets the token that follows each; -100 leaves a position out
    /// @param rows number of sequences
    public record Text(int[] ids, int[] targets, int rows) {
        long valid() {
            return Arrays.stream(targets).filter(t -> t != CrossEntropy.IGNORE).count();
        }
    }

    /// Copies the list.
    ///
    /// @throws IllegalArgumentException when it is empty
    public Calibration {
        texts = List.copyOf(texts);
        if (texts.isEmpty()) {
            throw new IllegalArgumentException("there is no text to score units on");
        }
    }

    /// What the loss would change by without a unit, to first order: the mean over texts of |Σ a ·
    /// ∂L/∂a| over the unit's activations a. That sum is the one of w · ∂L/∂w over the unit's
    /// columns of the matrix that leads back into the residual stream, for a factor before a unit
    /// scales these columns; so the gradients of these matrices are all it takes. Michel et al.
    /// 2019, arXiv:1905.10650; Molchanov et al. 2016, arXiv:1611.06440.
    ///
    /// @param step arena for a forward and backward pass
    public UnitScores taylor(Transformer model, Reduction reduction, TensorArena step) {
        List<Site> sites = Sites.of(model, reduction);
        Map<String, Tensor> tensors = Modules.state(model);
        Map<String, Tensor> outs = new LinkedHashMap<>();
        Map<String, double[]> scores = new LinkedHashMap<>();
        for (Site site : sites) {
            outs.put(site.out().path(), UnitScores.tensor(tensors, site.out()));
            scores.put(site.name(), new double[site.units()]);
        }
        List<String> paths = List.copyOf(outs.keySet());
        List<Tensor> wanted = List.copyOf(outs.values());
        for (Text text : texts) {
            step.call(() -> {
                var found = Tape.valueAndGrad(wanted, () -> loss(model, text, step, null));
                for (Site site : sites) {
                    Part out = site.out();
                    int index = paths.indexOf(out.path());
                    Tensor w = out.of(wanted.get(index));
                    Tensor g = out.of(found.grads().get(index).contiguous());
                    double[] sums = new double[site.units()];
                    UnitScores.addProducts(
                            w.shape(), out, Matrices.values(w), Matrices.values(g), sums);
                    double[] total = scores.getOrDefault(site.name(), sums);
                    for (int u = 0; u < sums.length; u++) {
                        total[u] += Math.abs(sums[u]) / texts.size();
                    }
                }
                return text.rows();
            });
        }
        return new UnitScores(scores);
    }

    /// How often the router of each mixture chose each expert, as a part of all choices.
    ///
    /// @param weights arena for the counts, not sealed
    /// @param step arena for a forward pass
    public UnitScores load(Transformer model, TensorArena weights, TensorArena step) {
        RouterMonitor monitor =
                new RouterMonitor(model.mixtures(), weights, RouterMonitor.Losses.NONE);
        for (Text text : texts) {
            step.call(() -> loss(model, text, step, monitor).item());
        }
        Map<String, double[]> scores = new LinkedHashMap<>();
        int blocks = model.blocks().size();
        for (RouterReport report : monitor.report()) {
            int further = report.layer() - blocks;
            String block =
                    further < 0 ? "blocks." + report.layer() : "nextTokens." + further + ".block";
            scores.put(block + ".mlp", report.load());
        }
        return new UnitScores(scores);
    }

    private static Tensor loss(
            Transformer model, Text text, TensorArena step, @Nullable RouterMonitor monitor) {
        Shape shape = Shape.of(text.rows(), text.ids().length / text.rows());
        Transformer.Input in = Transformer.Input.of(Tensor.of(step, shape, text.ids()));
        double further = model.nextTokens().isEmpty() ? 0 : 1;
        return TrainingLoss.of(
                        model,
                        monitor == null ? in : in.watched(monitor),
                        Tensor.of(step, shape, text.targets()),
                        further,
                        Math.max(1, text.valid()),
                        1)
                .total();
    }
}
