package io.chagres.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import io.chagres.tensor.backend.Backend;
import io.chagres.tensor.backend.BackendProvider;
import io.chagres.tensor.backend.Backends;
import io.chagres.tensor.backend.DeviceFailed;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ParameterException;

class DeviceOptionTest {
    @TempDir private static Path folder;

    private static String model = "";

    @BeforeAll
    static void write() throws IOException {
        model = TinyModel.write(folder.resolve("model")).toString();
    }

    /// A GPU that cannot be opened, or why there is none.
    private record Gpu(String unavailable) implements BackendProvider {
        @Override
        public String kind() {
            return "cuda";
        }

        @Override
        public int priority() {
            return 10;
        }

        @Override
        public List<Device> devices() {
            return unavailable.isEmpty()
                    ? List.of(new Device(0, "cuda:0 Some GPU, sm_90", 1L << 30, ""))
                    : List.of();
        }

        @Override
        public Map<String, Object> facts() {
            return Map.of("cuda_devices", devices().stream().map(Device::description).toList());
        }

        @Override
        public Backend open(int threads) {
            throw new DeviceFailed("in use by another process");
        }
    }

    @Command(name = "test")
    private static final class Holder {}

    private static List<BackendProvider> with(Gpu gpu) {
        List<BackendProvider> all = new ArrayList<>(List.of(gpu));
        Backends.providers().stream().filter(p -> p.kind().equals("cpu")).forEach(all::add);
        return all;
    }

    private static String said(Gpu gpu, String device) {
        StringWriter err = new StringWriter();
        CommandLine line = new CommandLine(new Holder()).setErr(new PrintWriter(err));
        DeviceOption.check(line.getCommandSpec(), with(gpu), device);
        return err.toString().strip();
    }

    @Test
    void aGpuIsNamedInOneLine() {
        Gpu gpu = new Gpu("");
        String line = "Computing on cuda:0 Some GPU, sm_90";
        assertThat(said(gpu, "auto")).isEqualTo(line);
        assertThat(said(gpu, "cuda")).isEqualTo(line);
        assertThat(said(gpu, "cuda:0")).isEqualTo(line);
        assertThat(said(gpu, "cpu")).isEmpty();
    }

    @Test
    void nothingIsSaidToThoseWhoHaveNone() {
        assertThat(said(new Gpu("no driver"), "auto")).isEmpty();
        assertThat(said(new Gpu("no driver"), "cpu")).isEmpty();
    }

    @Test
    void theReasonIsToldToThoseWhoAsk() {
        assertThatThrownBy(() -> said(new Gpu("no driver"), "cuda"))
                .isInstanceOf(ParameterException.class)
                .hasMessage("--device: cuda: no driver");
    }

    @Test
    void theDoctorTellsWhatIsTaken() {
        Map<String, Object> none = DoctorCommand.facts(with(new Gpu("no driver")));
        assertThat(none)
                .containsEntry("device", "cpu")
                .containsEntry("cuda", "not used: no driver")
                .containsEntry("cuda_devices", List.of());
        Map<String, Object> busy = DoctorCommand.facts(with(new Gpu("")));
        assertThat(busy)
                .containsEntry("device", "cuda:0 Some GPU, sm_90")
                .containsEntry("cuda", "cannot be opened: in use by another process");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "generate MODEL",
                "chat MODEL",
                "serve MODEL",
                "eval MODEL",
                "attention MODEL text -o OUT",
                "prune MODEL -o OUT --sparsity=0.5",
                "quantize MODEL -o OUT",
                "merge MODEL --adapter=MODEL -o OUT",
                "quickstart --steps=1 -o OUT",
                "train --data.sources=MODEL --output=OUT",
                "finetune --model.from=MODEL --data.sources=MODEL --output=OUT",
                "tune --data.sources=MODEL --output=OUT",
                "plan"
            })
    void aMissingGpuIsAMistakeInUse(String command) {
        assumeFalse(cuda().isEmpty(), "this machine has a GPU");
        String out = folder.resolve("out").toString();
        List<String> args = new ArrayList<>();
        for (String arg : command.split(" ")) {
            args.add(arg.replace("MODEL", model).replace("OUT", out));
        }
        args.add("--device=cuda:1");
        Cli cli = Cli.run(args.toArray(String[]::new));
        assertThat(cli.err()).contains("--device: cuda: " + cuda());
        assertThat(cli.err().lines()).hasSize(1);
        assertThat(cli.code()).isEqualTo(2);
    }

    private static String cuda() {
        return Backends.providers().stream()
                .filter(p -> p.kind().equals("cuda"))
                .map(BackendProvider::unavailable)
                .findFirst()
                .orElseThrow();
    }

    @Test
    void theCpuCanBeAskedFor() {
        Cli cli = Cli.ok("generate", model, "the river", "-n=2", "--device=cpu");
        assertThat(cli.err()).isEmpty();
    }

    @Test
    void otherNamesAreRefused() {
        Cli cli = Cli.run("generate", "model", "--device=tpu");
        assertThat(cli.code()).isEqualTo(2);
        assertThat(cli.err()).contains("--device: no device 'tpu'").contains("cpu");
    }
}
