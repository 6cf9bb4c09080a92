package io.chagres.tensor.io;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.chagres.tensor.DType;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Spec;
import io.chagres.tensor.random.Philox;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SafeTensorsWriterTest {
    @TempDir Path dir;

    private static MemorySegment random(Arena arena, Spec spec, int seed) {
        MemorySegment data = arena.allocate(Math.max(1, spec.bytes())).asSlice(0, spec.bytes());
        ByteBuffer bytes = data.asByteBuffer();
        while (bytes.hasRemaining()) {
            bytes.put((byte) new Philox(seed).bits(0, bytes.position()));
        }
        return data;
    }

    private static Map<String, Spec> allTypes() {
        Map<String, Spec> specs = new LinkedHashMap<>();
        for (DType t : DType.values()) {
            specs.put("odd." + t, new Spec(t, Shape.of(3, 5)));
            specs.put("scalar." + t, new Spec(t, Shape.of()));
        }
        specs.put("empty \"ü\"", new Spec(DType.F32, Shape.of(0, 4)));
        return specs;
    }

    private static SafeTensorsWriter writer(Map<String, MemorySegment> data) {
        SafeTensorsWriter writer = new SafeTensorsWriter();
        allTypes().forEach((name, spec) -> writer.add(name, spec, requireNonNull(data.get(name))));
        return writer;
    }

    private static Map<String, MemorySegment> data(Arena arena) {
        Map<String, MemorySegment> data = new LinkedHashMap<>();
        allTypes().forEach((name, spec) -> data.put(name, random(arena, spec, data.size())));
        return data;
    }

    private static void assertSame(SafeTensors read, Map<String, MemorySegment> data) {
        assertThat(read.names()).containsExactlyInAnyOrderElementsOf(data.keySet());
        allTypes()
                .forEach((name, spec) -> {
                    assertThat(read.spec(name)).isEqualTo(spec);
                    assertThat(read.segment(name).mismatch(requireNonNull(data.get(name))))
                            .as(name)
                            .isEqualTo(-1);
                });
    }

    @Test
    void readsBackBitForBit() throws IOException {
        Path file = dir.resolve("x.safetensors");
        try (Arena arena = Arena.ofConfined()) {
            Map<String, MemorySegment> data = data(arena);
            writer(data).metadata("step", "7").write(file);
            long headerLength =
                    ByteBuffer.wrap(Files.readAllBytes(file))
                            .order(ByteOrder.LITTLE_ENDIAN)
                            .getLong();
            assertThat(headerLength % 8).isZero();
            try (SafeTensors read = SafeTensors.open(file)) {
                assertSame(read, data);
                assertThat(read.metadata())
                        .containsEntry("format", "pt")
                        .containsEntry("step", "7");
                for (String name : read.names()) {
                    assertThat(read.segment(name).address() % read.spec(name).dtype().bytes())
                            .as("alignment of " + name)
                            .isZero();
                }
            }
        }
        assertThat(dir.toFile().list()).containsExactly("x.safetensors");
    }

    @Test
    void writesHeapSegmentsAndMoreThanOneChunk() throws IOException {
        float[] values = new float[700_001];
        for (int i = 0; i < values.length; i++) {
            values[i] = i;
        }
        Path file = dir.resolve("x.safetensors");
        MemorySegment data = MemorySegment.ofArray(values);
        new SafeTensorsWriter()
                .add("a", new Spec(DType.F32, Shape.of(values.length)), data)
                .add("b", new Spec(DType.I8, Shape.of(3)), MemorySegment.ofArray(new byte[3]))
                .write(file);
        try (SafeTensors read = SafeTensors.open(file)) {
            assertThat(read.segment("a").mismatch(data)).isEqualTo(-1);
        }
    }

    @Test
    void shardsAndTheirIndexReadBack() throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            Map<String, MemorySegment> data = data(arena);
            var files = writer(data).writeSharded(dir, 150);
            assertThat(files).hasSizeGreaterThan(2);
            assertThat(files.getFirst().getFileName().toString())
                    .isEqualTo("model-00001-of-%05d.safetensors".formatted(files.size()));
            long total = allTypes().values().stream().mapToLong(Spec::bytes).sum();
            JsonNode index = Json.read(dir.resolve(SafeTensors.INDEX));
            assertThat(index.object("metadata").integer("total_size")).isEqualTo(total);
            for (Path f : files) {
                try (SafeTensors shard = SafeTensors.open(f)) {
                    long bytes = shard.names().stream().mapToLong(shard::bytes).sum();
                    assertThat(bytes).isLessThanOrEqualTo(150);
                }
            }
            try (SafeTensors read = SafeTensors.open(dir)) {
                assertSame(read, data);
                assertThat(read.files()).hasSameSizeAs(files);
            }
            assertThatThrownBy(() -> writer(data).writeSharded(dir, 150))
                    .isInstanceOf(FileAlreadyExistsException.class);
        }
    }

    @Test
    void oneShardIsOneFile() throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            Map<String, MemorySegment> data = data(arena);
            assertThat(writer(data).writeSharded(dir, 1 << 20))
                    .containsExactly(dir.resolve(SafeTensors.FILE));
            try (SafeTensors read = SafeTensors.open(dir)) {
                assertSame(read, data);
            }
        }
    }

    @Test
    void aFailedWriteLeavesTheOldFile() throws IOException {
        Path file = dir.resolve("x.safetensors");
        Spec spec = new Spec(DType.I8, Shape.of(4));
        new SafeTensorsWriter().add("a", spec, MemorySegment.ofArray(new byte[4])).write(file);
        byte[] before = Files.readAllBytes(file);
        SafeTensorsWriter second = new SafeTensorsWriter();
        try (Arena arena = Arena.ofConfined()) {
            second.add("b", spec, arena.allocate(4));
        }
        assertThatThrownBy(() -> second.write(file)).isInstanceOf(IllegalStateException.class);
        assertThat(Files.readAllBytes(file)).isEqualTo(before);
        assertThat(dir.toFile().list()).containsExactly("x.safetensors");
    }

    @Test
    void refusesWrongTensors() {
        SafeTensorsWriter writer = new SafeTensorsWriter();
        Spec spec = new Spec(DType.F32, Shape.of(2));
        MemorySegment eight = MemorySegment.ofArray(new byte[8]);
        writer.add("a", spec, eight);
        assertThatThrownBy(() -> writer.add("a", spec, eight)).hasMessageContaining("twice");
        assertThatThrownBy(() -> writer.add("b", spec, eight.asSlice(1)))
                .hasMessageContainingAll("\"b\"", "F32(2)", "8", "7");
        assertThatThrownBy(() -> writer.add("__metadata__", spec, eight))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> writer.add("", spec, eight))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> writer.writeSharded(dir, 0))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
