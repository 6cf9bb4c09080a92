package io.chagres.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// How much memory this process has at most, as Linux counts it: the same measure for every
/// library, whatever its allocator.
final class ResidentMemory {
    private static final Path STATUS = Path.of("/proc/self/status");
    private static final Path RESET = Path.of("/proc/self/clear_refs");

    private final long before;

    private ResidentMemory(long before) {
        this.before = before;
    }

    /// Forgets the highest value so far and starts to watch.
    static ResidentMemory watch() {
        try {
            Files.writeString(RESET, "5");
        } catch (IOException e) {
            return new ResidentMemory(0); // not Linux, or not allowed
        }
        return new ResidentMemory(read("VmRSS:"));
    }

    /// Bytes it grew by at most since [#watch]; 0 where the system does not tell.
    long growth() {
        return before == 0 ? 0 : Math.max(0, read("VmHWM:") - before);
    }

    private static long read(String key) {
        try {
            for (String line : Files.readAllLines(STATUS)) {
                if (line.startsWith(key)) {
                    return 1024 * Long.parseLong(line.replaceAll("[^0-9]", ""));
                }
            }
        } catch (IOException e) {
            return 0;
        }
        return 0;
    }
}
