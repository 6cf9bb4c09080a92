package io.chagres.tensor.io;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.chagres.tensor.DType;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Spec;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Thousands of damaged files: each opens as something consistent or is refused by the typed
/// exception, within a small amount of memory.
class SafeTensorsFuzzTest {
    private static final int ROUNDS = 6000;
    private static final long MAX_ALLOCATION = 4L << 20;
    private static final String[] NUMBERS = {
        "-1",
        "0",
        "1",
        "8",
        "2.5",
        "1e9",
        "4294967296",
        "9223372036854775807",
        "9223372036854775808",
        "99999999999999999999999999",
        "null",
        "\"8\"",
        "[]",
        "{}",
        "true"
    };
    private static final String[] FRAGMENTS = {
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"",
        "\\",
        "\\u0000",
        "\\ud800",
        "null",
        "-",
        "1e999",
        "NaN",
        "\"dtype\":\"F32\",",
        "\"a\":{}",
        "{\"__metadata__\":{},",
        "[".repeat(2000),
        "\u0000",
        "é"
    };

    @TempDir Path dir;

    private byte[] valid() throws IOException {
        Path file = dir.resolve("valid.safetensors");
        SafeTensorsWriter writer = new SafeTensorsWriter();
        long[][] shapes = {{4, 6}, {}, {7}, {0, 3}, {2, 2, 2}};
        DType[] types = {DType.F32, DType.F64, DType.I8, DType.BF16, DType.I64};
        for (int i = 0; i < types.length; i++) {
            Spec spec = new Spec(types[i], Shape.of(shapes[i]));
            byte[] data = new byte[(int) spec.bytes()];
            Arrays.fill(data, (byte) i);
            writer.add("model.layers." + i, spec, MemorySegment.ofArray(data));
        }
        writer.write(file);
        return Files.readAllBytes(file);
    }

    private static byte[] mutate(byte[] valid, Random random) {
        int length = (int) ByteBuffer.wrap(valid).order(ByteOrder.LITTLE_ENDIAN).getLong();
        byte[] header = Arrays.copyOfRange(valid, 8, 8 + length);
        byte[] data = Arrays.copyOfRange(valid, 8 + length, valid.length);
        String text = new String(header, StandardCharsets.UTF_8);
        return switch (random.nextInt(9)) {
            case 0 -> {
                byte[] b = valid.clone();
                for (int i = random.nextInt(4); i >= 0; i--) {
                    b[random.nextInt(8 + length)] ^= (byte) (1 << random.nextInt(8));
                }
                yield b;
            }
            case 1 -> Arrays.copyOf(valid, random.nextInt(valid.length));
            case 2 -> Arrays.copyOf(valid, valid.length + 1 + random.nextInt(64));
            case 3 -> {
                long[] lengths = {
                    random.nextLong(),
                    random.nextInt(),
                    random.nextInt(2 * length),
                    -1,
                    0,
                    100_000_000,
                    100_000_001,
                    Long.MAX_VALUE,
                    length - 1L,
                    length + 1L
                };
                yield RawFile.bytes(lengths[random.nextInt(lengths.length)], header, data);
            }
            case 4 -> RawFile.bytes(replaceNumber(text, random), data);
            case 5 -> {
                int at = random.nextInt(text.length());
                String f = FRAGMENTS[random.nextInt(FRAGMENTS.length)];
                yield RawFile.bytes(text.substring(0, at) + f + text.substring(at), data);
            }
            case 6 -> {
                int from = random.nextInt(text.length());
                int to = Math.min(text.length(), from + 1 + random.nextInt(40));
                yield RawFile.bytes(text.substring(0, from) + text.substring(to), data);
            }
            case 7 -> {
                byte[] b = new byte[random.nextInt(4096)];
                random.nextBytes(b);
                yield random.nextBoolean() ? b : RawFile.bytes(b.length, b, data);
            }
            default -> {
                int from = random.nextInt(text.length());
                int to = Math.min(text.length(), from + random.nextInt(100));
                int at = random.nextInt(text.length());
                yield RawFile.bytes(
                        text.substring(0, at) + text.substring(from, to) + text.substring(at),
                        data);
            }
        };
    }

    private static String replaceNumber(String text, Random random) {
        String[] parts = text.split("(?<=[\\[,])(?=[0-9])", -1);
        int i = 1 + random.nextInt(parts.length - 1);
        parts[i] = parts[i].replaceFirst("[0-9]+", NUMBERS[random.nextInt(NUMBERS.length)]);
        return String.join("", parts);
    }

    /// Whatever opened must be whole: every byte of every tensor can be read.
    private static void readAll(SafeTensors tensors) throws IOException {
        for (String name : tensors.names()) {
            assertThat(tensors.storedType(name)).isNotEmpty();
            long size = tensors.bytes(name);
            try {
                assertThat(tensors.spec(name).bytes()).isEqualTo(size);
            } catch (SafeTensorsException e) {
                assertThat(e).hasMessageContaining("not supported");
                continue;
            }
            assertThat(tensors.segment(name).byteSize()).isEqualTo(size);
            tensors.copyTo(name, MemorySegment.ofArray(new byte[(int) size]));
        }
    }

    @Test
    void damagedFilesOpenWholeOrAreRefused() throws IOException {
        byte[] valid = valid();
        Path file = dir.resolve("fuzz.safetensors");
        Random random = new Random(20250727);
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        int opened = 0;
        for (int round = 0; round < ROUNDS; round++) {
            byte[] bytes = mutate(valid, random);
            Files.write(file, bytes);
            long before = threads.getCurrentThreadAllocatedBytes();
            try (SafeTensors tensors = SafeTensors.open(file)) {
                readAll(tensors);
                opened++;
            } catch (SafeTensorsException e) {
                assertThat(e).hasMessageContaining(file.toString());
            } catch (RuntimeException | Error | IOException e) {
                throw new AssertionError("round " + round + " threw " + e, e);
            }
            Files.delete(file);
            long allocated = threads.getCurrentThreadAllocatedBytes() - before;
            assertThat(allocated).as("allocated in round " + round).isLessThan(MAX_ALLOCATION);
        }
        assertThat(opened).as("files that opened").isBetween(ROUNDS / 100, ROUNDS / 2);
    }

    @Test
    void damagedIndexesAreRefused() throws IOException {
        Files.write(dir.resolve("s.safetensors"), valid());
        String index =
                "{\"metadata\":{\"total_size\":1},\"weight_map\":{"
                        + "\"model.layers.0\":\"s.safetensors\","
                        + "\"model.layers.2\":\"s.safetensors\"}}";
        Path file = dir.resolve(SafeTensors.INDEX);
        Random random = new Random(42);
        for (int round = 0; round < ROUNDS / 4; round++) {
            byte[] bytes = index.getBytes(StandardCharsets.UTF_8);
            for (int i = random.nextInt(3); i >= 0; i--) {
                bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
            }
            Files.write(file, bytes);
            try (SafeTensors tensors = SafeTensors.open(dir)) {
                readAll(tensors);
            } catch (FormatException e) {
                assertThat(e).hasMessageContaining(SafeTensors.INDEX);
            } catch (RuntimeException | Error | IOException e) {
                throw new AssertionError("round " + round + " threw " + e, e);
            }
            Files.delete(file);
        }
    }
}
