package io.chagres.cli;

import io.chagres.tensor.backend.BackendProvider;
import io.chagres.tensor.backend.Backends;
import io.chagres.tensor.backend.DeviceFailed;
import java.io.PrintWriter;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// The option for the device that computes.
final class DeviceOption {
    private static final String NAME = "--device";
    private static final String CPU = "cpu";

    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec;

    @Option(
            names = NAME,
            paramLabel = "DEVICE",
            description = {
                "auto, cpu, cuda, or cuda:N for one of several: what computes. auto: a GPU where"
                        + " there is one that can be used (chagres doctor tells), else the CPU.",
                "Default: ${DEFAULT-VALUE}."
            },
            defaultValue = "auto")
    private String device;

    /// The device, after it was checked and, where it is no CPU, told on standard error.
    ///
    /// @throws ParameterException when there is no such device, with the reason
    String choose() {
        check(spec, device);
        return device;
    }

    /// Checks a device and, where it is no CPU, tells it on standard error.
    ///
    /// @return the device
    /// @throws ParameterException when there is no such device, with the reason
    static BackendProvider.Device check(CommandSpec spec, String device) {
        return check(spec, Backends.providers(), device);
    }

    /// The same with these kinds of devices.
    static BackendProvider.Device check(
            CommandSpec spec, List<BackendProvider> providers, String device) {
        try {
            Backends.Found found = Backends.find(providers, device);
            if (!found.provider().kind().equals(CPU)) {
                PrintWriter err = spec.commandLine().getErr();
                err.println("Computing on " + found.device().description());
                err.flush();
            }
            return found.device();
        } catch (DeviceFailed e) {
            throw new ParameterException(
                    spec.commandLine(), NAME + ": " + String.valueOf(e.getMessage()), e);
        }
    }
}
