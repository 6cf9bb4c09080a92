package io.chagres.cli;

import com.sun.management.OperatingSystemMXBean;
import io.chagres.nn.transformer.TransformerConfig;
import io.chagres.tensor.backend.Backend;
import io.chagres.tensor.backend.Backends;
import io.chagres.tensor.io.Json;
import io.chagres.train.loop.StepPrediction;
import io.chagres.train.plan.Hardware;
import io.chagres.train.plan.Planner;
import io.chagres.train.plan.Probe;
import io.chagres.train.recipe.Recipe;
import java.io.IOException;
import java.io.PrintWriter;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// Says what training by a recipe would take, without training.
@Command(
        name = "plan",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        modelTransformer = RecipeOptions.class,
        customSynopsis =
                "chagres plan [--config=FILE] [--memory=SIZE] [--price=DOLLARS] [--json]"
                        + " [--KEY=VALUE]...",
        description = {
            "Says what training by a recipe would take: parameters, operations, memory, time and"
                    + " cost.",
            "",
            "A step is taken with tensors that have a shape but no numbers, in arenas that account"
                    + " for memory as they do in training, so the memory is what training will then"
                    + " report. Times are those of each operation's products or memory traffic,"
                    + " whichever takes longer, at measured rates on this machine and at 40 %% of"
                    + " the data sheet elsewhere.%n",
            "With --memory, ways to take the same step within that memory are ranked (precision,"
                    + " optimizer, size of the micro-batch, blocks computed again), and the depths"
                    + " of model that fit.%n"
        })
final class PlanCommand implements Callable<Integer> {
    private static final int FIRST = RecipeOptions.TOP_LEVEL_ORDER - 4;
    private static final String LIMIT = "train.memory_limit";

    @Spec private CommandSpec spec;

    @Option(
            names = {"-c", "--config"},
            paramLabel = "FILE",
            order = FIRST,
            description = "The recipe, a YAML file.")
    private @Nullable Path config;

    @Option(
            names = "--memory",
            paramLabel = "SIZE",
            order = FIRST + 1,
            description =
                    "Memory to fit, such as 8GiB; by default train.memory_limit, if that is given.")
    private @Nullable String memory;

    @Option(
            names = "--price",
            paramLabel = "DOLLARS",
            order = FIRST + 2,
            description = "What an hour of this machine costs.")
    private double price;

    @Option(
            names = "--no-measure",
            order = FIRST + 3,
            description = "Leave this machine out, which takes a few seconds to measure.")
    private boolean noMeasure;

    @Mixin private JsonOption json;

    @Override
    public Integer call() throws IOException {
        Options.atLeast(spec, "--price", price, 0);
        Map<String, String> flags =
                new HashMap<>(RecipeOptions.given(spec.commandLine().getParseResult()));
        if (memory != null) {
            flags.put(LIMIT, memory);
        }
        Path file = config;
        Recipe recipe = file == null ? Recipe.of(flags) : Recipe.load(file, flags);
        Options.check(
                spec,
                recipe.distillation() == null && recipe.preference() == null,
                "--config",
                "has a teacher or finetune.objective: dpo, which plan does not know");
        long own = DeviceOption.check(spec, recipe.device()).bytes();
        TransformerConfig model = StepPrediction.architecture(recipe);
        try (Backend backend = Backends.open(recipe.device(), recipe.train().threads())) {
            List<Hardware> machines = new ArrayList<>(Hardware.KNOWN);
            if (!noMeasure) {
                machines.addFirst(Probe.of(backend, own > 0 ? own : memoryHere()).at(price));
            }
            Planner planner = new Planner(backend, model, recipe, machines.getFirst());
            PlanReport report = PlanReport.of(planner, recipe, model, machines);
            PrintWriter out = spec.commandLine().getOut();
            if (json.wanted()) {
                out.println(Json.line(report.toJson()));
            } else {
                report.print(out);
            }
            out.flush();
        }
        return 0;
    }

    private static long memoryHere() {
        return ManagementFactory.getOperatingSystemMXBean() instanceof OperatingSystemMXBean os
                ? os.getTotalMemorySize()
                : Long.MAX_VALUE;
    }
}
