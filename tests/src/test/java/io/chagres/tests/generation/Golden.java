package io.chagres.tests.generation;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.chagres.nn.transformer.Transformer;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Spec;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.TensorData;
import io.chagres.tensor.io.SafeTensors;
import io.chagres.tensor.io.SafeTensorsWriter;
import io.chagres.tensor.memory.TensorArena;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/// The folders of random-weight models, and changed copies of them.
final class Golden {
    /// A stored tensor.
    record Stored(String name, Spec spec, MemorySegment bytes) {
        Stored named(String other) {
            return new Stored(other, spec, bytes);
        }

        Stored as(Shape shape) {
            return new Stored(name, spec.as(shape), bytes.asSlice(0, spec.as(shape).bytes()));
        }
    }

    /// Changes a checkpoint tensor by tensor.
    interface Edit {
        /// What takes a tensor's place, nothing to leave it out.
        List<Stored> of(Stored tensor, Arena memory);
    }

    private Golden() {}

    static Path folder(String name) {
        String at = "/golden/" + name + "/config.json";
        return Path.of(
                        URI.create(
                                Objects.requireNonNull(Golden.class.getResource(at), at)
                                        .toString()))
                .getParent();
    }

    /// Ids of the two sequences the expected values are for.
    static int[][] inputs(String name) throws IOException {
        int[] all = ints(name, "input_ids");
        int t = all.length / 2;
        return new int[][] {
            java.util.Arrays.copyOf(all, t), java.util.Arrays.copyOfRange(all, t, 2 * t)
        };
    }

    static int[] ints(String name, String tensor) throws IOException {
        try (SafeTensors file = SafeTensors.open(folder(name).resolve("expected.safetensors"))) {
            int[] out = new int[(int) file.shape(tensor).size()];
            for (int i = 0; i < out.length; i++) {
                out[i] = (int) TensorData.get(file.segment(tensor), file.spec(tensor).dtype(), i);
            }
            return out;
        }
    }

    /// Logits of one sequence, (T · V).
    static float[] logits(Transformer model, TensorArena step, int... ids) {
        return step.call(() -> {
            Tensor t = Tensor.of(step, Shape.of(1, ids.length), ids);
            return model.logits(Transformer.Input.of(t)).toFloats();
        });
    }

    /// A copy of a model's folder whose tensors were edited, in shards of at most so many bytes.
    static Path copy(String name, Path to, long shardBytes, Edit edit) throws IOException {
        Files.createDirectories(to);
        Files.copy(folder(name).resolve("config.json"), to.resolve("config.json"));
        SafeTensorsWriter writer = new SafeTensorsWriter();
        try (SafeTensors file = SafeTensors.open(folder(name));
                Arena memory = Arena.ofConfined()) {
            List<Stored> all = new ArrayList<>();
            for (String t : file.names()) {
                all.addAll(edit.of(new Stored(t, file.spec(t), file.segment(t)), memory));
            }
            all.forEach(t -> writer.add(t.name(), t.spec(), t.bytes()));
            writer.writeSharded(to, shardBytes);
        }
        return to;
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
}
