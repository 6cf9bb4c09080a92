package io.chagres.bench;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/// Compares with native libraries, each in processes of its own. Their Java bindings are built by
/// the Maven profile `peers` only.
public final class Peers {
    /// Where the profile `peers` puts the jars, below the project's folder.
    public static final String FOLDER = "bench/peers/target/lib";

    private static final Set<String> PRODUCTS = Set.of("gemm", "train-step");
    private static final Set<String> PEERED =
            Set.of("gemm", "train-step", "attention", "norms", "tokenizer");

    private Peers() {}

    /// Measures tasks beside the peers.
    ///
    /// @param home the project's folder
    /// @param rounds processes of each
    /// @param progress gets a line for each process
    /// @throws IllegalArgumentException when the bindings are not built, or the workload has no
    ///   peer
    public static Comparison compare(
            Path home,
            Workload workload,
            List<Task> tasks,
            int threads,
            double seconds,
            int rounds,
            Consumer<String> progress)
            throws IOException {
        if (!PEERED.contains(workload.name())) {
            throw new IllegalArgumentException(workload.name() + " has no peer to compare with");
        }
        Path jars = home.resolve(FOLDER);
        if (!Files.isDirectory(jars)) {
            throw new IllegalArgumentException(
                    jars + " is not there: mvn -Ppeers -pl bench/peers -am package makes it");
        }
        Contender ours = Contender.current();
        List<Contender> all = new ArrayList<>(List.of(ours));
        String dtype = tasks.getFirst().dtype();
        all.addAll(contenders(jars, workload.name(), dtype, threads));
        Alternation measured =
                Alternation.run(all, tasks, threads, seconds, rounds, false, progress);
        return new Comparison(measured, ours.label(), threads);
    }

    /// The peers of a workload in each setting worth trying.
    static List<Contender> contenders(Path jars, String workload, String dtype, int threads) {
        if (workload.equals("tokenizer")) {
            return List.of(peer(jars, "Hugging Face tokenizers", "djl", Map.of()));
        }
        String n = Integer.toString(threads);
        boolean blas = PRODUCTS.contains(workload) && dtype.equals("f32");
        Map<String, String> all = Map.of("OMP_NUM_THREADS", n, "OPENBLAS_NUM_THREADS", n);
        List<Contender> contenders = new ArrayList<>();
        if (workload.equals("gemm") && blas) {
            contenders.add(peer(jars, "OpenBLAS", "openblas", all));
        }
        contenders.add(peer(jars, "libtorch", "libtorch", all));
        if (threads > 1) {
            // Waiting OpenMP threads spin, which costs OpenBLAS's threads the processor, and
            // whoever else computes here.
            Map<String, String> passive = new HashMap<>(all);
            passive.put("OMP_WAIT_POLICY", "passive");
            passive.put("OMP_NUM_THREADS", blas ? "1" : n);
            String label = blas ? "libtorch (BLAS threads)" : "libtorch (passive)";
            contenders.add(peer(jars, label, "libtorch", passive));
        }
        return contenders;
    }

    private static Contender peer(
            Path jars, String label, String library, Map<String, String> environment) {
        List<String> command =
                List.of(
                        Contender.java(),
                        "-Xmx1g",
                        "-XX:+UseSerialGC",
                        "-Dorg.bytedeco.javacpp.maxBytes=0", // no limit: tensors are not on the
                        // heap
                        "-Dorg.bytedeco.javacpp.maxPhysicalBytes=0",
                        "--add-modules=jdk.incubator.vector",
                        "--enable-native-access=ALL-UNNAMED",
                        "-cp",
                        jars + File.separator + "*",
                        Worker.class.getName());
        return new Contender(label, library, command, environment);
    }
}
