package io.chagres.kernels.gpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The PTX in the jar is what the sources give: by hash everywhere, and by compiling again where
/// the compiler that made it is at hand.
class PtxManifestTest {
    private static final Path SOURCES = Path.of("src/main/cuda");
    private static final Path PTX = Path.of("src/main/resources/io/chagres/kernels/gpu/ptx");

    @TempDir Path folder;

    @Test
    void everyFileHasTheHashesOfItsSource() throws IOException {
        List<String> manifest = Files.readAllLines(PTX.resolve("manifest"));
        ByteArrayOutputStream headers = new ByteArrayOutputStream();
        for (String header : names(SOURCES, "*.cuh")) {
            headers.write(Files.readAllBytes(SOURCES.resolve(header)));
        }
        headers.write((manifest.get(0) + "\n").getBytes(StandardCharsets.US_ASCII));
        TreeSet<String> listed = new TreeSet<>();
        for (String line : manifest.subList(1, manifest.size())) {
            String[] part = line.split(" ");
            listed.add(part[0] + ".cu");
            ByteArrayOutputStream made = new ByteArrayOutputStream();
            made.write(Files.readAllBytes(SOURCES.resolve(part[0] + ".cu")));
            headers.writeTo(made);
            assertThat(sha256(made.toByteArray()))
                    .as("%s.cu or a header was edited: run kernels-gpu/generate-ptx", part[0])
                    .isEqualTo(part[1]);
            byte[] ptx = Files.readAllBytes(PTX.resolve(part[0] + ".ptx"));
            assertThat(sha256(ptx))
                    .as("%s.ptx is not the one generated", part[0])
                    .isEqualTo(part[2]);
            assertThat(new String(ptx, StandardCharsets.US_ASCII))
                    .contains(".version 7.0", ".target sm_80");
        }
        assertThat(listed).isEqualTo(names(SOURCES, "*.cu"));
        assertThat(names(PTX, "*.ptx")).hasSameSizeAs(listed);
    }

    /// Takes half a minute, which is what nvcc needs: where there is none, nothing is lost but
    /// time.
    @Test
    void compilingAgainGivesTheSamePtx() throws IOException, InterruptedException {
        String made = Files.readAllLines(PTX.resolve("manifest")).get(0);
        assumeTrue(
                nvccIs(made.substring(made.lastIndexOf(' ') + 1)),
                "no nvcc of the version in the manifest: hashes only");
        Process p =
                new ProcessBuilder("./generate-ptx", folder.toString())
                        .redirectErrorStream(true)
                        .redirectOutput(folder.resolve("log").toFile())
                        .start();
        assertThat(p.waitFor(10, TimeUnit.MINUTES)).isTrue();
        assertThat(p.exitValue()).as(Files.readString(folder.resolve("log"))).isZero();
        for (String name : names(PTX, "*.ptx")) {
            assertThat(folder.resolve(name)).hasSameTextualContentAs(PTX.resolve(name));
        }
    }

    private static boolean nvccIs(String version) throws InterruptedException {
        try {
            Process p = new ProcessBuilder("nvcc", "--version").redirectErrorStream(true).start();
            String said = new String(p.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            return p.waitFor() == 0 && said.contains("release " + version + ",");
        } catch (IOException e) {
            return false; // no such program
        }
    }

    private static TreeSet<String> names(Path folder, String glob) throws IOException {
        TreeSet<String> names = new TreeSet<>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, glob)) {
            files.forEach(f -> names.add(f.getFileName().toString()));
        }
        return names;
    }

    private static String sha256(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }
}
