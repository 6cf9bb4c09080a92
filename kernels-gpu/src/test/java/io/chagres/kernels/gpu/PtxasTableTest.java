package io.chagres.kernels.gpu;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;

/// What ptxas said about every kernel on every architecture, as `kernels-gpu/ptxas-table` wrote it.
class PtxasTableTest {
    private static final Path TABLE = Path.of("src/main/cuda/ptxas.txt");
    private static final Path MANIFEST =
            Path.of("src/main/resources/io/chagres/kernels/gpu/ptx/manifest");
    private static final int ARCHITECTURES = 7;

    @Test
    void theTableIsOfTheseKernels() throws IOException, NoSuchAlgorithmException {
        byte[] manifest = Files.readAllBytes(MANIFEST);
        String hash =
                HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(manifest));
        assertThat(Files.readAllLines(TABLE).get(0))
                .as("the PTX has changed: run kernels-gpu/ptxas-table")
                .startsWith("manifest " + hash);
    }

    @Test
    void everyKernelAssemblesEverywhereAndProductsAndAttentionDoNotSpill() throws IOException {
        List<String> lines = Files.readAllLines(TABLE);
        assertThat(lines.get(0).split(" ")).hasSize(2 + ARCHITECTURES);
        for (String line : lines.subList(1, lines.size())) {
            String[] part = line.split(" ");
            assertThat(part).as(line).hasSize(4 + ARCHITECTURES);
            // AdamW and the F64 softmax spill up to 16 bytes on some architectures.
            int allowed = part[0].startsWith("matmul") || part[0].equals("attention") ? 0 : 16;
            assertThat(Integer.parseInt(part[3]))
                    .as("spilled bytes of %s", part[1])
                    .isLessThanOrEqualTo(allowed);
            assertThat(Integer.parseInt(part[2])).as("shared memory").isLessThanOrEqualTo(48 << 10);
        }
    }
}
