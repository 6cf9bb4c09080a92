package io.chagres.bench;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// A library in a certain setting, measured in a process of its own.
///
/// @param label how tables name it
/// @param library what [Library#open] opens
/// @param command starts [Worker], without its arguments
/// @param environment variables of that process; two that cripple OpenBLAS are always removed
public record Contender(
        String label, String library, List<String> command, Map<String, String> environment) {
    private static final List<String> CRIPPLING = List.of("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE");
    private static final List<String> NOT_PASSED_ON =
            List.of("--module-path", "-agentlib", "-XX:SharedArchiveFile");
    private static final String INCUBATOR = "WARNING: Using incubator modules";
    private static final int SHOWN = 30;

    /// This build of Chagres, on a JVM with the options of this one.
    public static Contender current() {
        return chagres("Chagres", System.getProperty("jdk.module.path", ""));
    }

    /// A build of Chagres on a JVM with the options of this one, but for its archive of classes: it
    /// belongs to one module path, and with another's jars a class may fail to load.
    ///
    /// @param modulePath where its modules are; empty for this JVM's class path
    static Contender chagres(String label, String modulePath) {
        List<String> command = new ArrayList<>();
        command.add(java());
        for (String option : ManagementFactory.getRuntimeMXBean().getInputArguments()) {
            if (NOT_PASSED_ON.stream().noneMatch(option::startsWith)) {
                command.add(option);
            }
        }
        if (modulePath.isEmpty()) {
            command.addAll(List.of("-cp", System.getProperty("java.class.path", "")));
            command.add(Worker.class.getName());
        } else {
            String module = Worker.class.getPackageName();
            command.addAll(List.of("-p", modulePath, "-m", module + "/" + Worker.class.getName()));
        }
        return new Contender(label, Chagres.NAME, command, Map.of());
    }

    /// The same with another library.
    Contender with(String otherLibrary) {
        return new Contender(label, otherLibrary, command, environment);
    }

    /// The Java that runs this.
    static String java() {
        return String.join(File.separator, System.getProperty("java.home"), "bin", "java");
    }

    /// Measures tasks in a new process.
    ///
    /// @return what [Worker] printed, in order
    /// @throws IllegalStateException with the end of its output when it failed
    List<String> measure(int threads, double seconds, List<Task> tasks) throws IOException {
        List<String> all = new ArrayList<>(command);
        all.addAll(List.of(library, Integer.toString(threads), Double.toString(seconds)));
        tasks.forEach(t -> all.add(t.toString()));
        return outputOf(all);
    }

    /// The lines with a JSON object that a command prints.
    List<String> outputOf(List<String> all) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(all).redirectErrorStream(true);
        CRIPPLING.forEach(builder.environment()::remove);
        builder.environment().putAll(environment);
        Process process = builder.start();
        List<String> objects = new ArrayList<>();
        List<String> rest = new ArrayList<>();
        try (BufferedReader reader = process.inputReader()) {
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                if (line.startsWith("{")) {
                    objects.add(line);
                } else if (!line.startsWith(INCUBATOR)) {
                    rest.add(line);
                }
            }
            int code = process.waitFor();
            if (code != 0) {
                throw new IllegalStateException(
                        label
                                + " ended with code "
                                + code
                                + ":\n"
                                + String.join(
                                        "\n",
                                        rest.subList(
                                                Math.max(0, rest.size() - SHOWN), rest.size())));
            }
            return objects;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(label + " was interrupted", e);
        } finally {
            process.destroy();
        }
    }
}
