package io.chagres.ptx;

import static org.assertj.core.api.Assertions.assertThat;

import io.chagres.ptx.check.PtxCheck;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The command line.
class PtxCheckTest {
    @TempDir Path folder;

    private String run(int status, String ptx, String... options) throws IOException {
        Path file = folder.resolve("x.ptx");
        Files.writeString(file, ptx);
        String[] args = new String[options.length + 1];
        args[0] = file.toString();
        System.arraycopy(options, 0, args, 1, options.length);
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        int got = PtxCheck.run(new PrintStream(bytes, true, StandardCharsets.UTF_8), args);
        String out = bytes.toString(StandardCharsets.UTF_8);
        assertThat(got).as(out).isEqualTo(status);
        return out;
    }

    @Test
    void listsEntries() throws IOException {
        assertThat(run(0, Ptx.resource("basics.ptx"), "--entry", "blockSum"))
                .contains("blockSum, line ", "shared          128 bytes", "shfl.sync.bfly.b32")
                .doesNotContain("NOT KNOWN", "histogram");
        assertThat(run(1, Ptx.kernel("tex.2d.v4.f32.f32 {%f1,%f2,%f3,%f4}, [%rd0];")))
                .contains("NOT KNOWN");
    }

    @Test
    void runsAnEntry() throws IOException {
        String[] sum = {
            "--run",
            "blockSum",
            "--grid",
            "2",
            "--block",
            "64",
            "--arg",
            "out:8",
            "--arg",
            "in:f32:500",
            "--arg",
            "i32:500"
        };
        assertThat(run(0, Ptx.resource("basics.ptx"), sum))
                .contains("no fault", "argument 0: 0 of 2 words untouched");
        sum[sum.length - 1] = "i32:501";
        assertThat(run(1, Ptx.resource("basics.ptx"), sum))
                .contains("OUT_OF_BOUNDS", "argument 1 of 2000 bytes");
        assertThat(run(2, Ptx.resource("basics.ptx"), "--run", "nothing"))
                .contains("no kernel nothing");
    }
}
