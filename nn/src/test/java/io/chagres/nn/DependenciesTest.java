package io.chagres.nn;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/// What embedding a model brings along.
class DependenciesTest {
    /// The build writes the runtime class path of this module to a file. The CPU kernels add no
    /// library of others to it: they depend on the tensor module only.
    @Test
    void embeddingNeedsFewThirdPartyJars() throws IOException {
        Path file = Path.of("target", "runtime.classpath");
        List<String> thirdParty =
                Arrays.stream(Files.readString(file).strip().split(File.pathSeparator))
                        .map(entry -> Path.of(entry).getFileName().toString())
                        .filter(name -> name.endsWith(".jar") && !name.startsWith("chagres-"))
                        .toList();
        assertThat(thirdParty).isNotEmpty().hasSizeLessThanOrEqualTo(8);
    }
}
