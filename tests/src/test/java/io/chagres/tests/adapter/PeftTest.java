package io.chagres.tests.adapter;

import static io.chagres.tests.adapter.Rig.close;
import static io.chagres.tests.adapter.Rig.floats;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.chagres.autograd.Tape;
import io.chagres.nn.adapter.Adapter;
import io.chagres.nn.adapter.LoraAdapter;
import io.chagres.nn.hf.HfCheckpoint;
import io.chagres.nn.hf.config.GenerationConfig;
import io.chagres.nn.transformer.Transformer;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.io.Json;
import io.chagres.tensor.io.JsonNode;
import io.chagres.tensor.io.SafeTensors;
import io.chagres.train.optim.AdamWOptimizer;
import io.chagres.train.optim.AdamWOptimizer.DecayRule;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// LoRA on `stories260K` equals PEFT: forward, gradients, training, merging, files.
class PeftTest {
    private static final double TOLERANCE = 1e-4;

    private final Rig rig = new Rig();
    private Path golden;
    private Transformer base;
    private SafeTensors expected;

    @BeforeEach
    void open() throws IOException {
        golden = Rig.shared("golden/peft/lora-qv");
        base = HfCheckpoint.load(Rig.shared("data/stories260K-hf"), rig.weights).model();
        expected = SafeTensors.open(golden.resolve("expected.safetensors"));
    }

    @AfterEach
    void close_() throws IOException {
        if (expected != null) {
            expected.close();
        }
        rig.close();
    }

    private LoraAdapter adapter(String name) throws IOException {
        return (LoraAdapter) Adapter.load(golden.resolve(name), base, rig.weights);
    }

    private int[] ids() {
        return Rig.ints(expected, "input_ids");
    }

    @Test
    void logits() throws IOException {
        float[] first = rig.logits(adapter("adapter_init").attach(base), 2, ids());
        close("init", first, floats(expected, "init.logits"), TOLERANCE);
        float[] last = rig.logits(adapter("adapter_after10").attach(base), 2, ids());
        close("after10", last, floats(expected, "after10.logits"), TOLERANCE);
    }

    @Test
    void firstGradients() throws IOException {
        LoraAdapter adapter = adapter("adapter_init");
        Map<String, float[]> grads =
                rig.gradients(adapter.attachForTraining(base), adapter.parameters(), 2, ids());
        List<String> wanted =
                expected.names().stream().filter(n -> n.startsWith("grad0.")).toList();
        assertThat(grads).hasSize(wanted.size()).hasSize(20);
        grads.forEach((name, g) -> {
            String stored = "grad0.base_model.model." + name.replace(".weight", ".default.weight");
            close(name, g, floats(expected, stored), TOLERANCE);
        });
    }

    @Test
    void tenStepsEndInTheSameAdapter(@TempDir Path dir) throws IOException {
        LoraAdapter adapter = adapter("adapter_init");
        Transformer model = adapter.attachForTraining(base);
        var options = new AdamWOptimizer.Options(0.9, 0.999, 1e-8, 0, DecayRule.ALL);
        var optimizer = new AdamWOptimizer(adapter.parameters(), rig.weights, options);
        JsonNode facts = Json.read(golden.resolve("expected.json"));
        long trained = optimizer.parameters().stream().mapToLong(t -> t.shape().size()).sum();
        assertThat(trained).isEqualTo(facts.integer("trainable"));
        for (JsonNode want : facts.list("losses_lr5e-3_adamw_wd0")) {
            double loss =
                    rig.step.call(() -> {
                        int[] ids = ids();
                        Tensor in = Tensor.of(rig.step, Shape.of(2, ids.length / 2), ids);
                        Tensor targets = Rig.targets(rig.step, in.shape(), ids);
                        double found =
                                Tape.valueAndGrad(
                                                optimizer.parameters(),
                                                () -> Rig.loss(model, in, targets),
                                                optimizer::accumulate)
                                        .item();
                        double _ = optimizer.step(5e-3, Double.POSITIVE_INFINITY);
                        return found;
                    });
            assertThat(loss).isCloseTo(want.asDouble(), within(TOLERANCE * want.asDouble()));
        }
        float[] logits = rig.logits(adapter.attach(base), 2, ids());
        close("after10", logits, floats(expected, "after10.logits"), TOLERANCE);
        adapter.save(dir, "stories260K-hf", rig.step);
        Path theirs = golden.resolve("adapter_after10");
        sameTensors(dir, theirs);
        sameFields(dir, theirs);
    }

    private static void sameTensors(Path ours, Path theirs) throws IOException {
        try (SafeTensors a = SafeTensors.open(ours.resolve("adapter_model.safetensors"));
                SafeTensors b = SafeTensors.open(theirs.resolve("adapter_model.safetensors"))) {
            assertThat(a.names()).containsExactlyInAnyOrderElementsOf(b.names());
            for (String name : b.names()) {
                assertThat(a.spec(name)).as(name).isEqualTo(b.spec(name));
                close(name, floats(a, name), floats(b, name), TOLERANCE);
            }
        }
    }

    /// Every field, and the value of every one but the version.
    private static void sameFields(Path ours, Path theirs) throws IOException {
        Map<String, JsonNode> a = Json.read(ours.resolve("adapter_config.json")).fields();
        Map<String, JsonNode> b = Json.read(theirs.resolve("adapter_config.json")).fields();
        assertThat(a.keySet()).containsExactlyElementsOf(b.keySet());
        b.forEach((name, want) -> {
            if (!name.equals("peft_version")) {
                assertThat(String.valueOf(a.get(name))).as(name).isEqualTo(want.toString());
            }
        });
    }

    @Test
    void mergingAndUndoingIt(@TempDir Path dir) throws IOException {
        LoraAdapter adapter = adapter("adapter_after10");
        float[] before = rig.logits(base, 2, ids());
        Transformer merged = adapter.merge(base, rig.weights, rig.step);
        float[] logits = rig.logits(merged, 2, ids());
        close("merged", logits, floats(expected, "merged.logits"), TOLERANCE);
        assertThat(rig.logits(base, 2, ids())).isEqualTo(before);
        Transformer back = adapter.unmerge(merged, rig.weights, rig.step);
        close("unmerged", rig.logits(back, 2, ids()), before, TOLERANCE);
        HfCheckpoint.save(merged, GenerationConfig.ofTokens(1, List.of(2), null), dir);
        Transformer read = HfCheckpoint.load(dir, rig.weights).model();
        assertThat(rig.logits(read, 2, ids())).isEqualTo(logits);
    }
}
