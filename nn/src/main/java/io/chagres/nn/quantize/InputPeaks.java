package io.chagres.nn.quantize;

import io.chagres.nn.layer.Modules;
import io.chagres.nn.layer.Projection;
import io.chagres.nn.transformer.Transformer;
import io.chagres.tensor.Interpreter;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.memory.TensorArena;
import io.chagres.tensor.op.Unary;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The largest magnitudes that went into the linear layers of a model, column by column.
public final class InputPeaks {
    private final Map<String, Peak> byPath;

    private InputPeaks(Map<String, Peak> byPath) {
        this.byPath = byPath;
    }

    /// Runs a model over texts and watches its linear layers; those of experts are not among them.
    ///
    /// @param texts token ids, each at most as long as the model can see
    /// @param step arena for a forward pass, reset after each
    public static InputPeaks of(Transformer model, List<int[]> texts, TensorArena step) {
        Map<String, Peak> found = new LinkedHashMap<>();
        Transformer watched =
                Modules.mapAt(
                        model,
                        (path, part) -> {
                            if (!(part instanceof Projection p)) {
                                return part;
                            }
                            Peak peak = new Peak(Math.toIntExact(p.inFeatures()));
                            found.put(path, peak);
                            return new Watched(p, peak);
                        });
        for (int[] ids : texts) {
            step.call(() -> {
                Tensor row = Tensor.of(step, Shape.of(1, ids.length), ids);
                Tensor hidden = watched.hidden(Transformer.Input.of(row), h -> {});
                return watched.project(hidden.slice(1, ids.length - 1L, 1)).toFloats();
            });
        }
        return new InputPeaks(found);
    }

    /// The magnitudes of a layer, one per column; null for a layer that is unknown or had none.
    float @Nullable [] of(String path) {
        Peak peak = byPath.get(path);
        return peak == null || !peak.seen ? null : peak.values;
    }

    private static final class Peak {
        private final float[] values;
        private boolean seen;

        Peak(int columns) {
            values = new float[columns];
        }

        void see(Tensor x) {
            Tensor rows = x.reshape(-1, values.length);
            float[] now = Interpreter.run(Unary.ABS, rows).max(0).toFloats();
            for (int i = 0; i < now.length; i++) {
                values[i] = Math.max(values[i], now[i]);
            }
            seen = true;
        }
    }

    /// A layer that notes what goes into it.
    private record Watched(Projection base, Peak peak) implements Projection {
        @Override
        public Tensor product(Tensor x) {
            peak.see(x);
            return base.product(x);
        }

        @Override
        public @Nullable Tensor bias() {
            return base.bias();
        }

        @Override
        public Tensor matrix() {
            return base.matrix();
        }

        @Override
        public long inFeatures() {
            return base.inFeatures();
        }

        @Override
        public long outFeatures() {
            return base.outFeatures();
        }
    }
}
