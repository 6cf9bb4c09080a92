package io.chagres.bench;

import java.util.List;

/// All [Workload]s there are.
public final class Workloads {
    /// In the order of the command line's help.
    public static final List<Workload> ALL =
            List.of(
                    new GemmWorkload(),
                    new AttentionWorkload(),
                    new AttentionScalingWorkload(),
                    new NormsWorkload(),
                    new TrainStepWorkload(),
                    new InferenceWorkload("decode"),
                    new InferenceWorkload("prefill"),
                    new TokenizerWorkload(),
                    new BandwidthWorkload());

    private Workloads() {}

    /// The workload of that name.
    ///
    /// @throws IllegalArgumentException when there is none
    public static Workload of(String name) {
        for (Workload w : ALL) {
            if (w.name().equals(name)) {
                return w;
            }
        }
        throw new IllegalArgumentException(
                "there is no workload '"
                        + name
                        + "', only "
                        + String.join(", ", ALL.stream().map(Workload::name).toList()));
    }

    /// The workload of a task.
    public static Workload of(Task task) {
        return of(task.workload());
    }
}
