package io.chagres.bench;

import io.chagres.tensor.backend.Backend;
import java.util.List;

/// A family of [Task]s: which there are, how much work each is, and how Chagres computes them.
/// Peers compute the same tasks in their own way.
public interface Workload {
    /// What the user may choose.
    ///
    /// @param dtype `f32`, `bf16`, `int8`
    /// @param random how many random shapes, for workloads that have some
    /// @param seed what they are drawn with
    /// @param model for decode and prefill: `135m`, `0.5b`, or the path of a Hugging Face folder
    /// @param tokens for decode and prefill: how many; 0 for the usual number
    /// @param only tasks whose name contains this; empty for all
    record Choice(String dtype, int random, long seed, String model, int tokens, String only) {
        /// F32 on the usual shapes.
        public static final Choice USUAL = new Choice("f32", 0, 1, "135m", 0, "");

        /// The same, of the tasks whose name contains this.
        public Choice only(String text) {
            return new Choice(dtype, random, seed, model, tokens, text);
        }
    }

    /// Its name on the command line.
    String name();

    /// What [#work] counts, per second: `gflops`, `gb_per_second`, `mb_per_second` or
    /// `tokens_per_second`.
    String unit();

    /// Work of one run: 10⁹ floating-point operations, 10⁹ or 10⁶ bytes, or tokens.
    double work(Task task);

    /// Every task.
    List<Task> tasks(Choice choice);

    /// Puts a task's operands into memory.
    ///
    /// @throws Unsupported when it cannot be computed
    Prepared prepare(Backend backend, int threads, Task task);

    /// The tasks the user asked for.
    ///
    /// @throws IllegalArgumentException when there is none
    default List<Task> chosen(Choice choice) {
        List<Task> all = tasks(choice);
        List<Task> some = all.stream().filter(t -> t.toString().contains(choice.only())).toList();
        if (some.isEmpty()) {
            throw new IllegalArgumentException(
                    "nothing of " + name() + " is called '" + choice.only() + "'; there is " + all);
        }
        return some;
    }
}
