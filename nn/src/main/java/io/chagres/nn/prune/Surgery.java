package io.chagres.nn.prune;

import io.chagres.nn.layer.Modules;
import io.chagres.nn.prune.Site.Part;
import io.chagres.nn.transformer.Transformer;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Spec;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.TensorData;
import io.chagres.tensor.memory.TensorArena;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Takes whole units out of a model. What is left is an ordinary, smaller model: its result is that
/// of the old one with the columns that lead from the units back into the residual stream set to 0;
/// for experts, with a router that cannot choose them.
public final class Surgery {
    private Surgery() {}

    /// The model without the units of least score.
    ///
    /// @param scores of the same reduction
    /// @param weights where the tensors that become smaller go; all others are shared
    /// @throws IllegalArgumentException naming a layer whose weights are no plain matrices, or
    ///   which has no scores
    public static Transformer apply(
            Transformer model, Reduction reduction, UnitScores scores, TensorArena weights) {
        if (model.prefix() != null) {
            throw new IllegalArgumentException("a model with a prefix cannot lose parts");
        }
        Map<String, List<Part>> parts = new LinkedHashMap<>();
        Map<String, List<int[]>> kept = new LinkedHashMap<>();
        for (Site site : Sites.of(model, reduction)) {
            int[] best = scores.best(site);
            for (Part part : site.parts()) {
                parts.computeIfAbsent(part.path(), p -> new ArrayList<>()).add(part);
                kept.computeIfAbsent(part.path(), p -> new ArrayList<>()).add(best);
            }
        }
        Transformer cut =
                Modules.mapAt(
                        model,
                        (path, part) -> {
                            List<Part> here = parts.get(path);
                            List<int[]> units = kept.get(path);
                            return part instanceof Tensor t && here != null && units != null
                                    ? cut(t, here, units, weights)
                                    : part;
                        });
        return new Transformer(
                reduction.config(),
                cut.tokens(),
                cut.positions(),
                cut.rotary(),
                cut.blocks(),
                cut.finalNorm(),
                cut.head(),
                cut.nextTokens(),
                null);
    }

    /// A tensor without some slices.
    ///
    /// @param parts one, or one for each item of the first axis
    /// @param kept the units that are kept of each
    private static Tensor cut(
            Tensor tensor, List<Part> parts, List<int[]> kept, TensorArena weights) {
        Part first = parts.getFirst();
        int axis = first.axis() + (first.isItem() ? 1 : 0);
        long left = (long) kept.getFirst().length * first.width();
        Shape shape = tensor.shape().with(axis, left);
        Tensor out = Tensor.empty(weights, new Spec(tensor.dtype(), shape));
        for (int i = 0; i < parts.size(); i++) {
            Part part = parts.get(i);
            Tensor from = part.of(tensor);
            TensorData.set(
                    part.of(out), cut(from.shape(), Matrices.values(from), part, kept.get(i)));
        }
        return out;
    }

    private static float[] cut(Shape shape, float[] values, Part part, int[] kept) {
        int inner = 1;
        for (int i = part.axis() + 1; i < shape.rank(); i++) {
            inner = Math.multiplyExact(inner, Math.toIntExact(shape.dim(i)));
        }
        int run = inner * part.width();
        int along = Math.toIntExact(shape.dim(part.axis())) * inner;
        int outer = values.length / along;
        float[] result = new float[outer * kept.length * run];
        int at = 0;
        for (int o = 0; o < outer; o++) {
            for (int unit : kept) {
                System.arraycopy(values, o * along + unit * run, result, at, run);
                at += run;
            }
        }
        return result;
    }
}
