package io.chagres.nn.hf.config;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.chagres.nn.UnsupportedModel;
import io.chagres.nn.transformer.Presets;
import io.chagres.nn.transformer.TransformerConfig;
import io.chagres.tensor.DType;
import io.chagres.tensor.io.Json;
import io.chagres.tensor.io.JsonException;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Thousands of damaged `config.json` files: each is a sound configuration or is refused by a typed
/// exception that names the file, within a small amount of memory.
class HfConfigFuzzTest {
    private static final int ROUNDS = 6000;
    private static final long MAX_ALLOCATION = 4L << 20;
    private static final String[] VALUES = {
        "null",
        "0",
        "-1",
        "1",
        "3",
        "7.5",
        "1e308",
        "1e999",
        "NaN",
        "-Infinity",
        "true",
        "\"\"",
        "\"x\"",
        "[]",
        "{}",
        "[1,2]",
        "[null]",
        "{\"rope_type\":\"yarn\"}",
        "2147483647",
        "2147483648",
        "9223372036854775807",
        "9223372036854775808",
        "[".repeat(3000),
        "{\"rope_theta\":-1}",
        "[\"sliding_attention\"]",
        "1048576",
        "16777216"
    };

    private static String mutateValue(String json, Random random) {
        String[] lines = json.split("\n", -1);
        for (int tries = 0; tries < 50; tries++) {
            int i = random.nextInt(lines.length);
            int colon = lines[i].indexOf(": ");
            if (colon > 0) {
                boolean comma = lines[i].endsWith(",");
                String value = VALUES[random.nextInt(VALUES.length)];
                lines[i] = lines[i].substring(0, colon + 2) + value + (comma ? "," : "");
                break;
            }
        }
        return String.join("\n", lines);
    }

    private static byte[] mutate(String json, Random random) {
        byte[] bytes = json.getBytes(StandardCharsets.UTF_8);
        return switch (random.nextInt(6)) {
            case 0, 1 -> mutateValue(json, random).getBytes(StandardCharsets.UTF_8);
            case 2 ->
                    mutateValue(mutateValue(json, random), random).getBytes(StandardCharsets.UTF_8);
            case 3 -> {
                for (int i = random.nextInt(4); i >= 0; i--) {
                    bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
                }
                yield bytes;
            }
            case 4 -> Arrays.copyOf(bytes, random.nextInt(bytes.length));
            default -> {
                String[] lines = json.split("\n", -1);
                String moved = lines[random.nextInt(lines.length)];
                lines[random.nextInt(lines.length)] += "\n" + moved;
                yield String.join("\n", lines).getBytes(StandardCharsets.UTF_8);
            }
        };
    }

    @Test
    void damagedConfigsAreSoundOrRefused(@TempDir Path dir) throws IOException {
        TransformerConfig llama = Presets.llamaTiny();
        List<String> valid =
                List.of(
                        Json.pretty(HfConfig.toJson(llama, DType.F32)),
                        Json.pretty(HfConfig.toJson(Presets.gpt12m(), DType.BF16)),
                        Json.pretty(
                                HfConfig.toJson(
                                        llama.toBuilder()
                                                .architecture("qwen2")
                                                .biases(true, false, false)
                                                .slidingWindow(16)
                                                .build(),
                                        DType.F16)));
        Path file = dir.resolve(HfConfig.FILE);
        Random random = new Random(7);
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        int sound = 0;
        for (int round = 0; round < ROUNDS; round++) {
            Files.write(file, mutate(valid.get(random.nextInt(valid.size())), random));
            long before = threads.getCurrentThreadAllocatedBytes();
            try {
                HfConfig hf = HfConfig.read(file);
                assertThat(hf.transformer().parameterCount()).isPositive();
                HfConfig.toJson(hf.transformer(), DType.F32);
                hf.dtype();
                sound++;
            } catch (JsonException | UnsupportedModel e) {
                assertThat(e).hasMessageContaining(file.toString());
            } catch (RuntimeException | Error | IOException e) {
                throw new AssertionError("round " + round + " threw " + e, e);
            }
            Files.delete(file);
            long allocated = threads.getCurrentThreadAllocatedBytes() - before;
            assertThat(allocated).as("allocated in round " + round).isLessThan(MAX_ALLOCATION);
        }
        assertThat(sound).as("configurations that were sound").isBetween(ROUNDS / 50, ROUNDS / 2);
    }
}
