package io.chagres.ptx.mutate;

import io.chagres.ptx.Gpu;
import io.chagres.ptx.machine.Checks;
import io.chagres.ptx.machine.PtxFault;
import io.chagres.ptx.text.PtxSyntaxException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// Runs a kernel's own test on mutants of the kernel: how many of them does it notice?
public final class MutationRun {
    private MutationRun() {}

    /// The kernel's test.
    @FunctionalInterface
    public interface Test {
        /// Launches and looks at results; throws when they are wrong.
        void run(Gpu gpu, Gpu.Module module);
    }

    /// What came of a run.
    ///
    /// @param killed mutants noticed, by kind
    /// @param survivors mutants that passed the test in every mode
    /// @param invalid mutants that are no PTX
    public record Report(Map<String, Integer> killed, List<Mutant> survivors, int invalid) {
        /// Mutants that are PTX.
        public int total() {
            return kills() + survivors.size();
        }

        /// Mutants noticed.
        public int kills() {
            return killed.values().stream().mapToInt(Integer::intValue).sum();
        }

        /// The part noticed, from 0 to 1.
        public double rate() {
            return total() == 0 ? 1 : (double) kills() / total();
        }

        /// Both together.
        public Report and(Report other) {
            Map<String, Integer> sum = new TreeMap<>(killed);
            other.killed.forEach((k, n) -> sum.merge(k, n, Integer::sum));
            List<Mutant> all = new ArrayList<>(survivors);
            all.addAll(other.survivors);
            return new Report(sum, all, invalid + other.invalid);
        }

        @Override
        public String toString() {
            return String.format(
                    "%d of %d mutants killed (%.1f %%), %d no PTX; killed %s",
                    kills(), total(), 100 * rate(), invalid, killed);
        }
    }

    /// Runs the test on every mutant, in each mode until one notices.
    ///
    /// @param modes what is checked, and in which order warps run
    public static Report run(List<Mutant> mutants, Test test, List<Checks> modes) {
        Map<String, Integer> killed = new TreeMap<>();
        List<Mutant> survivors = new ArrayList<>();
        int invalid = 0;
        for (Mutant m : mutants) {
            try {
                if (dies(m, test, modes)) {
                    killed.merge(m.kind(), 1, Integer::sum);
                } else {
                    survivors.add(m);
                }
            } catch (PtxSyntaxException e) {
                invalid++;
            }
        }
        return new Report(killed, survivors, invalid);
    }

    private static boolean dies(Mutant m, Test test, List<Checks> modes) {
        for (Checks mode : modes) {
            Gpu gpu = new Gpu(mode);
            Gpu.Module module = gpu.load(m.source());
            try {
                test.run(gpu, module);
            } catch (PtxFault | AssertionError e) {
                return true;
            }
        }
        return false;
    }
}
