package io.chagres.cli;

import io.chagres.tensor.backend.Backend;
import io.chagres.tensor.backend.BackendProvider;
import io.chagres.tensor.backend.Backends;
import io.chagres.tensor.backend.DeviceFailed;
import io.chagres.tensor.io.Json;
import java.io.PrintWriter;
import java.lang.management.ManagementFactory;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/// Tells what Chagres finds on this machine.
@Command(
        name = "doctor",
        mixinStandardHelpOptions = true,
        description = "Tells which JDK, devices, kernels and how much memory there are.")
final class DoctorCommand implements Callable<Integer> {
    private static final int WIDTH = 80;
    private static final String INDENT = " ".repeat(16);

    @Spec private CommandSpec spec;

    @Mixin private JsonOption json;

    @Override
    public Integer call() {
        Map<String, Object> facts = facts(Backends.providers());
        PrintWriter out = spec.commandLine().getOut();
        if (json.wanted()) {
            out.println(Json.line(facts));
        } else {
            facts.forEach((name, fact) -> out.println(lines(name, text(fact))));
        }
        out.flush();
        return 0;
    }

    private static String text(Object fact) {
        return fact instanceof List<?> many
                ? many.isEmpty()
                        ? "none"
                        : many.stream().map(Object::toString).collect(Collectors.joining("; "))
                : fact.toString();
    }

    /// A fact in lines of at most [#WIDTH] characters, broken between words.
    private static String lines(String name, String fact) {
        StringBuilder text = new StringBuilder(Figures.format("%-16s", name));
        int length = text.length();
        for (String word : fact.split(" ")) {
            if (length + 1 + word.length() > WIDTH) {
                text.append(System.lineSeparator()).append(INDENT);
                length = INDENT.length();
            }
            text.append(' ').append(word);
            length += 1 + word.length();
        }
        return text.toString();
    }

    /// What there is, with these kinds of devices, the preferred one first.
    static Map<String, Object> facts(List<BackendProvider> providers) {
        Map<String, Object> facts = new LinkedHashMap<>();
        facts.put("jdk", System.getProperty("java.vm.vendor") + " " + Runtime.version());
        facts.put("system", System.getProperty("os.name") + " " + System.getProperty("os.arch"));
        facts.put("processors", Runtime.getRuntime().availableProcessors());
        if (ManagementFactory.getOperatingSystemMXBean()
                instanceof com.sun.management.OperatingSystemMXBean os) {
            facts.put("memory_bytes", os.getTotalMemorySize());
            facts.put("free_bytes", os.getFreeMemorySize());
        }
        facts.put("heap_bytes", Runtime.getRuntime().maxMemory());
        facts.put("device", taken(providers));
        for (BackendProvider p : providers) {
            facts.put(p.kind(), described(p));
            facts.putAll(p.facts());
        }
        facts.putIfAbsent("cuda", "not used: this build has no CUDA kernels");
        return facts;
    }

    private static String taken(List<BackendProvider> providers) {
        try {
            return Backends.find(providers, "auto").device().description();
        } catch (DeviceFailed e) {
            return "none: " + e.getMessage();
        }
    }

    private static String described(BackendProvider p) {
        if (!p.unavailable().isEmpty()) {
            return "not used: " + p.unavailable();
        }
        try (Backend backend = Backends.find(List.of(p), p.kind()).open(0)) {
            return backend.describe();
        } catch (DeviceFailed e) {
            return "cannot be opened: " + e.getMessage();
        }
    }
}
