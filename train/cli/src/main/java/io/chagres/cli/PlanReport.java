package io.chagres.cli;

import io.chagres.nn.transformer.TransformerConfig;
import io.chagres.train.loop.StepPrediction;
import io.chagres.train.plan.Hardware;
import io.chagres.train.plan.Planner;
import io.chagres.train.plan.Planner.Choice;
import io.chagres.train.plan.Strategy;
import io.chagres.train.recipe.FinetuneRecipe;
import io.chagres.train.recipe.ModelRecipe.ContinuedModel;
import io.chagres.train.recipe.Recipe;
import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What a plan says, for people and for programs.
///
/// @param recipe what was asked for
/// @param model its model
/// @param asked what a step of it takes
/// @param machines where it may run; times are for the first
/// @param fit what fits a memory; null when none was given
record PlanReport(
        Recipe recipe,
        TransformerConfig model,
        Choice asked,
        List<Hardware> machines,
        @Nullable Fit fit) {
    private static final int SHOWN = 10;
    private static final double HOUR = 3600;

    /// What fits.
    ///
    /// @param bytes the memory
    /// @param strategies ways to take the step, the fastest first
    /// @param depths the deepest models, the deepest first
    /// @param smallest the step that takes the least memory
    record Fit(long bytes, List<Choice> strategies, List<Choice> depths, Choice smallest) {}

    static PlanReport of(
            Planner planner, Recipe recipe, TransformerConfig model, List<Hardware> machines) {
        long bytes = recipe.train().memoryLimit();
        Fit fit =
                bytes == 0
                        ? null
                        : new Fit(
                                bytes,
                                planner.strategies(bytes),
                                planner.depths(bytes),
                                planner.smallest());
        return new PlanReport(recipe, model, planner.asItIs(), List.copyOf(machines), fit);
    }

    Map<String, Object> toJson() {
        StepPrediction step = asked.step();
        long steps = recipe.train().steps();
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("architecture", model.architecture());
        all.put("layers", model.numLayers());
        all.put("parameters", step.parameters());
        all.put("trained_parameters", step.trained());
        all.put("steps", steps);
        all.put("tokens_per_step", step.tokens());
        all.put("flops_per_step", step.cost().flops());
        all.put("flops", step.cost().flops() * steps);
        all.put("bytes_moved_per_step", step.cost().bytes());
        all.put("operations_per_step", step.cost().operations());
        all.put("weights_bytes", step.weightBytes());
        all.put("step_bytes", step.stepBytes());
        all.put("peak_bytes", step.peakBytes());
        all.put("recomputed_blocks", step.recomputedBlocks());
        all.put("hardware", machines.stream().map(this::machine).toList());
        Fit found = fit;
        if (found != null) {
            all.put("memory", found.bytes);
            all.put("strategies", found.strategies.stream().map(PlanReport::choice).toList());
            all.put("depths", found.depths.stream().map(PlanReport::choice).toList());
            all.put("smallest", choice(found.smallest));
        }
        return all;
    }

    private Map<String, Object> machine(Hardware machine) {
        double seconds = machine.seconds(asked.step().cost(), recipe.train().precision());
        double hours = seconds * recipe.train().steps() / HOUR;
        Map<String, Object> row = new LinkedHashMap<>();
        row.put("name", machine.name());
        row.put("f32_flops_per_second", machine.rates().wideFlops());
        row.put("bf16_flops_per_second", machine.rates().narrowFlops());
        row.put("fp16_flops_per_second", machine.halfFlops());
        row.put("bytes_per_second", machine.rates().bytes());
        row.put("share_reached", machine.share());
        row.put("fits", asked.step().peakBytes() <= machine.memoryBytes());
        row.put("seconds_per_step", seconds);
        row.put("hours", hours);
        if (machine.dollarsPerHour() > 0) {
            row.put("dollars_per_hour", machine.dollarsPerHour());
            row.put("dollars", hours * machine.dollarsPerHour());
        }
        return row;
    }

    private static Map<String, Object> choice(Choice c) {
        Map<String, Object> row = new LinkedHashMap<>();
        row.put("layers", c.layers());
        row.put("parameters", c.step().parameters());
        row.put("method", method(c.strategy()));
        row.put("precision", name(c.strategy().precision()));
        row.put("optimizer", name(c.strategy().optimizer()));
        row.put("batch_size", c.strategy().batchSize());
        row.put("gradient_accumulation", c.strategy().gradientAccumulation());
        row.put("recomputed_blocks", c.step().recomputedBlocks());
        row.put("peak_bytes", c.step().peakBytes());
        row.put("seconds_per_step", c.seconds());
        row.put("tokens_per_second", c.tokensPerSecond());
        return row;
    }

    void print(PrintWriter out) {
        StepPrediction step = asked.step();
        long steps = recipe.train().steps();
        line(
                out,
                "model",
                "%s, %d layers, %s parameters",
                model.architecture(),
                model.numLayers(),
                Figures.count(step.parameters()));
        if (step.trained() < step.parameters()) {
            line(
                    out,
                    "trained",
                    "%s of them (%s); the others stay in their file, which is not counted",
                    Figures.count(step.trained()),
                    method(asked.strategy()));
        }
        line(
                out,
                "run",
                "%,d steps of %,d tokens, %s tokens in all",
                steps,
                step.tokens(),
                Figures.count(steps * step.tokens()));
        line(
                out,
                "products",
                "%.3g FLOP a step, %.3g in all",
                step.cost().flops(),
                step.cost().flops() * steps);
        line(
                out,
                "memory",
                "%s: %s of weights, gradients and optimizer, %s of a step",
                Figures.bytes(step.peakBytes()),
                Figures.bytes(step.weightBytes()),
                Figures.bytes(step.stepBytes()));
        if (step.recomputedBlocks() > 0) {
            line(
                    out,
                    "again",
                    "activations of %d blocks are computed again",
                    step.recomputedBlocks());
        }
        out.println();
        out.println(
                Figures.format(
                        "%-28s %9s %9s %9s %11s %9s %9s",
                        "hardware", "f32", "bf16", "memory", "step", "hours", "cost"));
        for (Hardware machine : machines) {
            machine(out, machine);
        }
        Fit found = fit;
        if (found != null) {
            print(out, found);
        }
    }

    private void machine(PrintWriter out, Hardware machine) {
        double seconds = machine.seconds(asked.step().cost(), recipe.train().precision());
        double hours = seconds * recipe.train().steps() / HOUR;
        boolean fits = asked.step().peakBytes() <= machine.memoryBytes();
        out.println(
                Figures.format(
                        "%-28s %6.3g TF %6.3g TF %4.0f GB/s %9.4g s %9.3g %9s%s",
                        machine.name(),
                        machine.rates().wideFlops() / 1e12,
                        machine.rates().narrowFlops() / 1e12,
                        machine.rates().bytes() / 1e9,
                        seconds,
                        hours,
                        machine.dollarsPerHour() > 0
                                ? Figures.format("$%.3g", hours * machine.dollarsPerHour())
                                : "",
                        fits ? "" : "  does not fit"));
    }

    private void print(PrintWriter out, Fit found) {
        out.println();
        if (found.strategies.isEmpty()) {
            out.println(
                    Figures.format(
                            "No way to take this step fits %s; the smallest takes %s (%s).",
                            Figures.bytes(found.bytes),
                            Figures.bytes(found.smallest.step().peakBytes()),
                            describe(found.smallest)));
        } else {
            out.println(
                    Figures.format(
                            "Ways to take this step within %s, the fastest on %s first:",
                            Figures.bytes(found.bytes), machines.getFirst().name()));
            found.strategies.stream().limit(SHOWN).forEach(c -> row(out, c));
        }
        out.println();
        if (found.depths.isEmpty()) {
            out.println("Not even a single block of this width fits.");
        } else {
            out.println("The deepest models of this width that fit:");
            found.depths.stream().limit(SHOWN).forEach(c -> row(out, c));
        }
    }

    private void row(PrintWriter out, Choice c) {
        out.println(
                Figures.format(
                        "%4d layers %9s  %-58s %9s %9.4g s %9.0f tok/s",
                        c.layers(),
                        Figures.count(c.step().parameters()),
                        describe(c),
                        Figures.bytes(c.step().peakBytes()),
                        c.seconds(),
                        c.tokensPerSecond()));
    }

    private String describe(Choice c) {
        Strategy s = c.strategy();
        return Figures.format(
                "%s%s, %s, batch %d × %d, %s",
                recipe.model() instanceof ContinuedModel ? method(s) + ", " : "",
                name(s.precision()),
                name(s.optimizer()),
                s.batchSize(),
                s.gradientAccumulation(),
                c.step().recomputedBlocks() == 0
                        ? "all kept"
                        : Figures.format("%d blocks again", c.step().recomputedBlocks()));
    }

    private static String method(Strategy s) {
        return switch (s.finetune()) {
            case null -> "full";
            case FinetuneRecipe.Full _ -> "full";
            case FinetuneRecipe.Lora l -> l.config().dora() ? "dora" : "lora";
            case FinetuneRecipe.Prefix _ -> "prefix";
        };
    }

    private static String name(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }

    @SuppressWarnings("AnnotateFormatMethod") // as in Figures
    private static void line(PrintWriter out, String name, String format, Object... values) {
        out.println(Figures.format("%-12s ", name) + Figures.format(format, values));
    }
}
