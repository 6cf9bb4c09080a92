package io.chagres.nn.quantize;

import io.chagres.nn.UnsupportedModel;
import io.chagres.nn.hf.HfNames;
import io.chagres.nn.layer.Buffer;
import io.chagres.nn.layer.Embedding;
import io.chagres.nn.layer.Int8Linear;
import io.chagres.nn.layer.Linear;
import io.chagres.nn.layer.Modules;
import io.chagres.nn.layer.Outliers;
import io.chagres.nn.moe.Experts;
import io.chagres.nn.moe.Int8Experts;
import io.chagres.nn.transformer.Transformer;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.TensorData;
import io.chagres.tensor.memory.TensorArena;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// Makes matrices of 8 bits of those of a model: its linear layers, its experts, its table of
/// tokens, and its head. Norms, biases, routers and learned positions stay as they are.
public final class Quantizer {
    /// At most one column of so many is kept as floats.
    private static final int OUTLIERS = 8;

    private static final String WEIGHT = ".weight";
    private static final String HEAD = "lm_head";

    private final Quantization how;
    private final @Nullable InputPeaks peaks;
    private final TensorArena weights;
    private final Progress progress;
    private final Map<String, int[]> columns = new HashMap<>();

    /// Hugging Face's module of each of our weights; empty for one that stays as it is.
    private final Map<String, String> modules = new HashMap<>();

    private int done;

    /// Is told how far it is.
    @FunctionalInterface
    public interface Progress {
        /// A matrix was rounded.
        ///
        /// @param module its name, or one of those that are joined in it
        void done(String module, int matrices, int of);
    }

    private Quantizer(
            Quantization how, @Nullable InputPeaks peaks, TensorArena weights, Progress progress) {
        this.how = how;
        this.peaks = peaks;
        this.weights = weights;
        this.progress = progress;
    }

    /// A model with matrices of 8 bits. All else is shared with the model.
    ///
    /// @param model with plain layers; those of 8 bits stay as they are
    /// @param peaks what goes into its layers, to find outliers; null to look at weights only
    /// @param weights where the matrices go
    /// @throws IllegalArgumentException when a name to keep is no module's, rows are not whole
    ///   groups, or a weight is not finite
    public static Transformer quantize(
            Transformer model,
            Quantization how,
            @Nullable InputPeaks peaks,
            TensorArena weights,
            Progress progress) {
        return new Quantizer(how, peaks, weights, progress).run(model);
    }

    /// A layer with a matrix of 8 bits, a scale per row, nothing clipped.
    ///
    /// @param weights where the matrix goes; the bias is shared
    public static Int8Linear quantize(Linear linear, TensorArena weights) {
        Rounding r =
                Rounding.of("a layer", linear.weight(), Quantization.WEIGHTS, new int[0], weights);
        return new Int8Linear(new Buffer(r.q()), new Buffer(r.scale()), linear.bias());
    }

    private Transformer run(Transformer model) {
        Map<String, Tensor> state = Modules.parameters(model);
        List<String> names = new ArrayList<>();
        for (HfNames.Entry e : HfNames.of(model.config()).entries()) {
            if (!e.copy() && e.stored().endsWith(WEIGHT)) {
                String module = e.stored().substring(0, e.stored().length() - WEIGHT.length());
                names.add(module);
                String name = how.keeps(module) ? "" : module; // one kept expert keeps all
                e.paths()
                        .forEach(p ->
                                modules.merge(
                                        p, name, (a, b) -> a.isEmpty() || b.isEmpty() ? "" : a));
                if (how.outlierRatio() > 0 && e.item() < 0 && !how.keeps(module)) {
                    find(e.paths(), state);
                }
            }
        }
        if (model.head() == null) { // the table is the head too
            names.add(HEAD);
            modules.computeIfPresent("tokens.weight", (p, name) -> how.keeps(HEAD) ? "" : name);
        }
        for (String name : how.keep()) {
            if (names.stream().noneMatch(m -> Quantization.matches(m, name))) {
                throw new UnsupportedModel("no module is called " + name + ", or a part of it");
            }
        }
        int[] total = {0};
        Modules.mapAt(
                model,
                (path, part) -> {
                    total[0] += matrices(path, part);
                    return part;
                });
        return Modules.mapAt(
                model,
                (path, part) -> matrices(path, part) == 0 ? part : rounded(path, part, total[0]));
    }

    /// How many matrices of a part are to be rounded.
    private int matrices(String path, Object part) {
        return switch (part) {
            case Linear _ -> chosen(path + WEIGHT) ? 1 : 0;
            case Embedding.Plain _ -> path.equals("tokens") && chosen(path + WEIGHT) ? 1 : 0;
            case Experts _ ->
                    chosen(path + ".gate") && chosen(path + ".up") && chosen(path + ".down")
                            ? 3
                            : 0;
            default -> 0;
        };
    }

    private boolean chosen(String path) {
        return !modules.getOrDefault(path, "").isEmpty();
    }

    private Object rounded(String path, Object part, int total) {
        return switch (part) {
            case Linear(Tensor w, Tensor bias) -> {
                int[] kept = columns.getOrDefault(path + WEIGHT, new int[0]);
                Rounding r = rounded(path + WEIGHT, w, kept, total);
                Outliers outliers =
                        kept.length == 0
                                ? null
                                : Outliers.of(
                                        kept, Outliers.pick(w, kept, weights), w.dim(1), weights);
                yield new Int8Linear(
                        new Buffer(r.q()), new Buffer(r.scale()), bias, how.dynamic(), outliers);
            }
            case Embedding.Plain(Tensor w) -> {
                Rounding r = rounded(path + WEIGHT, w, new int[0], total);
                yield new Embedding.Int8(new Buffer(r.q()), new Buffer(r.scale()));
            }
            case Experts e ->
                    new Int8Experts(
                            stack(path + ".gate", e.gate(), total),
                            stack(path + ".up", e.up(), total),
                            stack(path + ".down", e.down(), total));
            default -> part;
        };
    }

    private Int8Experts.Stack stack(String path, Tensor matrices, int total) {
        Rounding r = rounded(path, matrices, new int[0], total);
        return new Int8Experts.Stack(new Buffer(r.q()), new Buffer(r.scale()));
    }

    private Rounding rounded(String path, Tensor matrix, int[] outliers, int total) {
        String module = modules.getOrDefault(path, path);
        Rounding r = Rounding.of(module, matrix, how, outliers, weights);
        progress.done(module, ++done, total);
        return r;
    }

    /// Chooses the columns of a stored module, the same for all of our layers in it.
    private void find(List<String> paths, Map<String, Tensor> state) {
        float[] largest = new float[0];
        for (String path : paths) {
            Tensor w = state.get(path);
            if (w == null || w.shape().rank() != 2 || path.startsWith("tokens")) {
                return;
            }
            float[] row = new float[Math.toIntExact(w.dim(1))];
            largest = largest.length == 0 ? new float[row.length] : largest;
            for (long r = 0; r < w.dim(0); r++) {
                TensorData.read(w.viewAs(w.layout().slice(0, r, 1, 1)), row);
                for (int i = 0; i < row.length; i++) {
                    largest[i] = Math.max(largest[i], Math.abs(row[i]));
                }
            }
        }
        String layer = paths.getFirst().substring(0, paths.getFirst().length() - WEIGHT.length());
        float[] inputs = peaks == null ? null : peaks.of(layer);
        double[] ratio = ratios(largest);
        if (inputs != null) {
            double[] more = ratios(inputs);
            Arrays.setAll(ratio, i -> Math.max(ratio[i], more[i]));
        }
        int[] found =
                IntStream.range(0, ratio.length)
                        .filter(i -> ratio[i] > how.outlierRatio())
                        .boxed()
                        .sorted(Comparator.comparingDouble((Integer i) -> -ratio[i]))
                        .limit(Math.max(1, ratio.length / OUTLIERS))
                        .mapToInt(Integer::intValue)
                        .sorted()
                        .toArray();
        if (found.length > 0) {
            paths.forEach(p -> columns.put(p, found));
        }
    }

    /// Values over their median.
    private static double[] ratios(float[] values) {
        float[] sorted = values.clone();
        Arrays.sort(sorted);
        double median = sorted[sorted.length / 2];
        double[] all = new double[values.length];
        Arrays.setAll(all, i -> median > 0 ? values[i] / median : 0);
        return all;
    }
}
