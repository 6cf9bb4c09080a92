package io.chagres.train;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;

/// Files that lie beside the repository and are read in place.
public final class SharedData {
    private SharedData() {}

    /// A file or folder of the shared data; the test is skipped, with a reason, where it is absent.
    public static Path require(String path) {
        Path file = root().resolve(path);
        assumeTrue(Files.exists(file), () -> "SKIPPED: shared data is absent: " + file);
        return file;
    }

    private static Path root() {
        String given = System.getProperty("chagres.shared");
        if (given != null) {
            return Path.of(given);
        }
        for (Path at = Path.of("").toAbsolutePath(); at != null; at = at.getParent()) {
            if (Files.isDirectory(at.resolveSibling("shared"))) {
                return at.resolveSibling("shared");
            }
        }
        return Path.of("../shared");
    }
}
