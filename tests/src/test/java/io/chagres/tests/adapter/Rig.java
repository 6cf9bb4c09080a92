package io.chagres.tests.adapter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.chagres.autograd.Tape;
import io.chagres.kernels.cpu.CpuBackend;
import io.chagres.nn.hf.HfCheckpoint;
import io.chagres.nn.loss.CausalLoss;
import io.chagres.nn.transformer.Transformer;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.TensorData;
import io.chagres.tensor.backend.Backend;
import io.chagres.tensor.io.SafeTensors;
import io.chagres.tensor.memory.TensorArena;
import io.chagres.tensor.random.Rng;
import java.io.IOException;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/// A device with arenas, models to adapt, and what tests ask of them.
final class Rig implements AutoCloseable {
    final Backend backend = new CpuBackend(2);
    final TensorArena weights = backend.arena("weights");
    final TensorArena step = backend.arena("step");

    /// A random model of the test's resources, in F32.
    Transformer model(String name) throws IOException {
        return HfCheckpoint.load(folder(name), weights).model();
    }

    static Path folder(String name) {
        URL url = Rig.class.getResource("/golden/" + name + "/config.json");
        try {
            return Path.of(Objects.requireNonNull(url, name).toURI()).getParent();
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    /// Some tokens, the same for the same arguments.
    static int[] ids(int vocabulary, int n, long seed) {
        Rng rng = new Rng(seed);
        int[] ids = new int[n];
        for (int i = 0; i < n; i++) {
            ids[i] = rng.nextInt(vocabulary);
        }
        return ids;
    }

    /// Fills tensors with random numbers.
    static void randomize(Iterable<Tensor> tensors, double std, long seed) {
        Rng rng = new Rng(seed);
        for (Tensor t : tensors) {
            Rng draw = rng.split();
            double[] values = new double[Math.toIntExact(t.shape().size())];
            for (int i = 0; i < values.length; i++) {
                values[i] = std * draw.normal(i);
            }
            TensorData.set(t, values);
        }
    }

    /// Logits of B sequences.
    float[] logits(Transformer model, int batch, int... ids) {
        return step.call(() -> {
            Tensor in = Tensor.of(step, Shape.of(batch, ids.length / batch), ids);
            return model.logits(Transformer.Input.of(in)).toFloats();
        });
    }

    /// Gradients of the mean loss of B sequences, by name.
    Map<String, float[]> gradients(
            Transformer model, Map<String, Tensor> wrt, int batch, int... ids) {
        List<String> names = List.copyOf(wrt.keySet());
        Map<String, float[]> found = new HashMap<>();
        step.call(() -> {
            Tensor in = Tensor.of(step, Shape.of(batch, ids.length / batch), ids);
            Tensor targets = targets(step, in.shape(), ids);
            Tensor _ =
                    Tape.valueAndGrad(
                            List.copyOf(wrt.values()),
                            () -> loss(model, in, targets),
                            (i, g) -> found.put(names.get(i), g.toFloats()));
            return null;
        });
        return found;
    }

    static Tensor targets(TensorArena arena, Shape shape, int... ids) {
        int t = (int) shape.dim(1);
        int[] targets = new int[ids.length];
        for (int i = 0; i < ids.length; i++) {
            targets[i] = i % t == t - 1 ? -100 : ids[i + 1];
        }
        return Tensor.of(arena, shape, targets);
    }

    static Tensor loss(Transformer model, Tensor ids, Tensor targets) {
        long valid = ids.dim(0) * (ids.dim(1) - 1);
        return CausalLoss.sum(model.logits(Transformer.Input.of(ids)), targets).scale(1.0 / valid);
    }

    /// Whether two arrays are equal within a part of the second's largest element.
    static void close(String what, float[] got, float[] want, double tolerance) {
        assertThat(got).as(what).hasSameSizeAs(want);
        double worst = 0;
        double largest = 0;
        for (int i = 0; i < got.length; i++) {
            worst = Math.max(worst, Math.abs((double) got[i] - want[i]));
            largest = Math.max(largest, Math.abs(want[i]));
        }
        assertThat(largest).as(what).isPositive();
        assertThat(worst / largest).as(what).isLessThanOrEqualTo(tolerance);
    }

    static float[] floats(SafeTensors file, String name) {
        var spec = file.spec(name);
        float[] out = new float[(int) spec.shape().size()];
        for (int i = 0; i < out.length; i++) {
            out[i] = (float) TensorData.get(file.segment(name), spec.dtype(), i);
        }
        return out;
    }

    static int[] ints(SafeTensors file, String name) {
        float[] f = floats(file, name);
        int[] out = new int[f.length];
        for (int i = 0; i < out.length; i++) {
            out[i] = (int) f[i];
        }
        return out;
    }

    /// A folder of the shared data; the test is skipped, with a reason, where it is absent.
    static Path shared(String path) {
        String given = System.getProperty("chagres.shared");
        Path root = given == null ? besideAParent() : Path.of(given);
        Path file = root.resolve(path);
        assumeTrue(Files.exists(file), () -> "SKIPPED: shared data is absent: " + file);
        return file;
    }

    private static Path besideAParent() {
        for (Path at = Path.of("").toAbsolutePath(); at != null; at = at.getParent()) {
            if (Files.isDirectory(at.resolveSibling("shared"))) {
                return at.resolveSibling("shared");
            }
        }
        return Path.of("../shared");
    }

    @Override
    public void close() {
        step.close();
        weights.close();
        backend.close();
    }
}
