package io.chagres.tests.adapter;

import static io.chagres.tests.adapter.Rig.close;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.chagres.nn.UnsupportedModel;
import io.chagres.nn.adapter.Adapter;
import io.chagres.nn.adapter.LoraAdapter;
import io.chagres.nn.adapter.LoraConfig;
import io.chagres.nn.adapter.Targets;
import io.chagres.nn.layer.Modules;
import io.chagres.nn.transformer.Transformer;
import io.chagres.tensor.Shape;
import io.chagres.tensor.io.Json;
import io.chagres.tensor.io.SafeTensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class LoraAdapterTest {
    private final Rig rig = new Rig();

    @AfterEach
    void close_() {
        rig.close();
    }

    private LoraAdapter random(Transformer base, LoraConfig config) {
        LoraAdapter adapter = LoraAdapter.create(base, config, rig.weights, 2);
        Rig.randomize(adapter.parameters().values(), 0.1, 3);
        return adapter;
    }

    private static int[] ids(Transformer base) {
        return Rig.ids(base.config().vocabSize(), 20, 1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"llama", "gpt2", "mixtral", "deepseek_v3"})
    void aFreshOneChangesNothing(String name) throws IOException {
        Transformer base = rig.model(name);
        boolean experts = !base.mixtures().isEmpty();
        LoraConfig config = LoraConfig.of(2, 4, Targets.allLinear());
        LoraAdapter adapter =
                LoraAdapter.create(base, experts ? config : config.withDora(), rig.weights, 1);
        float[] want = rig.logits(base, 2, ids(base));
        close("fresh", rig.logits(adapter.attach(base), 2, ids(base)), want, 1e-5);
    }

    @ParameterizedTest
    @CsvSource({
        "llama, false",
        "llama, true",
        "gpt2, true",
        "mixtral, false",
        "deepseek_v2, false"
    })
    void filesKeepEverything(String name, boolean dora, @TempDir Path dir) throws IOException {
        Transformer base = rig.model(name);
        LoraConfig config =
                LoraConfig.of(3, 5, Targets.allLinear())
                        .withDropout(0.25)
                        .withRankStabilized()
                        .withModulesToSave("lm_head");
        LoraAdapter adapter = random(base, dora ? config.withDora() : config);
        adapter.save(dir, "here", rig.step);
        Adapter read = Adapter.load(dir, base, rig.weights);
        assertThat(read).isInstanceOf(LoraAdapter.class);
        assertThat(((LoraAdapter) read).config()).isEqualTo(adapter.config());
        assertThat(rig.logits(read.attach(base), 2, ids(base)))
                .isEqualTo(rig.logits(adapter.attach(base), 2, ids(base)));
        try (SafeTensors file = SafeTensors.open(dir.resolve("adapter_model.safetensors"))) {
            assertThat(file.names())
                    .allMatch(n -> n.startsWith("base_model.model."))
                    .contains("base_model.model.lm_head.weight");
            if (name.equals("mixtral")) {
                assertThat(file.names())
                        .contains(
                                "base_model.model.model.layers.0.block_sparse_moe.experts.1.w2"
                                        + ".lora_A.weight");
            }
            if (name.equals("gpt2")) {
                String attn = "base_model.model.transformer.h.0.attn.c_attn.lora_";
                long hidden = base.config().hiddenSize();
                assertThat(file.shape(attn + "B.weight")).isEqualTo(Shape.of(3 * hidden, 3));
                assertThat(file.shape(attn + "magnitude_vector")).isEqualTo(Shape.of(3 * hidden));
            }
        }
        assertThat(Json.read(dir.resolve("adapter_config.json")).bool("fan_in_fan_out"))
                .isEqualTo(name.equals("gpt2"));
    }

    @Test
    void dropoutFollowsItsSeed() throws IOException {
        Transformer base = rig.model("llama");
        LoraAdapter adapter =
                random(base, LoraConfig.of(4, 8, Targets.allLinear()).withDropout(0.5));
        Transformer training = adapter.attachForTraining(base);
        adapter.randomness(7, 0);
        float[] first = rig.logits(training, 2, ids(base));
        float[] again = rig.logits(training, 2, ids(base));
        adapter.randomness(7, 1);
        float[] next = rig.logits(training, 2, ids(base));
        float[] use = rig.logits(adapter.attach(base), 2, ids(base));
        assertThat(again).isEqualTo(first);
        assertThat(next).isNotEqualTo(first);
        assertThat(use).isNotEqualTo(first);
        LoraAdapter dora =
                random(base, LoraConfig.of(4, 8, Targets.allLinear()).withDropout(0.5).withDora());
        float[] dropped = rig.logits(dora.attachForTraining(base), 2, ids(base));
        assertThat(dropped).isNotEqualTo(rig.logits(dora.attach(base), 2, ids(base)));
    }

    @Test
    void aSavedModuleStandsForItself() throws IOException {
        Transformer base = rig.model("gpt2");
        assertThat(base.head()).as("tied").isNull();
        LoraConfig config = LoraConfig.of(2, 2, Targets.named("c_fc")).withModulesToSave("wte");
        LoraAdapter adapter = LoraAdapter.create(base, config, rig.weights, 1);
        float[] before = rig.logits(base, 2, ids(base));
        Transformer attached = adapter.attach(base);
        assertThat(attached.head()).as("the head keeps the base's embedding").isNotNull();
        close("copies", rig.logits(attached, 2, ids(base)), before, 1e-6);
        assertThat(adapter.parameters().keySet().stream().filter(n -> !n.contains("lora_")))
                .containsExactly("modules_to_save.tokens.weight");
        Rig.randomize(adapter.parameters().values(), 0.1, 1);
        assertThat(rig.logits(attached, 2, ids(base))).isNotEqualTo(before);
        assertThat(rig.logits(base, 2, ids(base))).isEqualTo(before);
        Transformer merged = adapter.merge(base, rig.weights, rig.step);
        assertThat(merged.config().tiedHead()).isFalse();
        assertThat(Modules.parameters(merged)).containsKey("head.weight");
        assertThatThrownBy(() -> adapter.unmerge(merged, rig.weights, rig.step))
                .hasMessageContaining("modules_to_save");
    }

    @Test
    void targetsAsPeftHasThem() throws IOException {
        Transformer base = rig.model("llama");
        assertThat(modules(base, Targets.matching(".*layers\\.1\\..*(q|k)_proj")))
                .containsExactly(
                        "model.layers.1.self_attn.q_proj", "model.layers.1.self_attn.k_proj");
        assertThat(
                        modules(
                                base,
                                new Targets(
                                        List.of("q_proj", "mlp.up_proj"),
                                        null,
                                        List.of("layers.0.self_attn.q_proj"),
                                        List.of())))
                .contains("model.layers.1.self_attn.q_proj", "model.layers.0.mlp.up_proj")
                .doesNotContain("model.layers.0.self_attn.q_proj");
        assertThat(modules(base, new Targets(List.of("q_proj"), null, List.of(), List.of(1))))
                .containsExactly("model.layers.1.self_attn.q_proj");
        assertThat(modules(base, Targets.allLinear())).doesNotContain("lm_head");
        assertThatThrownBy(() -> modules(base, Targets.named("q_proj", "query")))
                .isInstanceOf(UnsupportedModel.class)
                .hasMessageContaining("query")
                .hasMessageContaining("gate_proj");
        assertThatThrownBy(() -> modules(base, Targets.matching("q_proj")))
                .hasMessageContaining("no linear layer matches");
        assertThatThrownBy(() -> Targets.matching("(")).hasMessageContaining("expression");
    }

    private List<String> modules(Transformer base, Targets targets) {
        return LoraAdapter.create(base, LoraConfig.of(1, 1, targets), rig.weights, 1)
                .parameters()
                .keySet()
                .stream()
                .filter(n -> n.endsWith(".lora_A.weight"))
                .map(n -> n.replace(".lora_A.weight", ""))
                .toList();
    }

    @Test
    void refusesWhatItWouldApplyWrongly(@TempDir Path dir) throws IOException {
        Transformer base = rig.model("llama");
        random(base, LoraConfig.of(2, 4, Targets.named("q_proj"))).save(dir, "x", rig.step);
        Path file = dir.resolve("adapter_config.json");
        Map<String, @Nullable Object> fields = new LinkedHashMap<>();
        Json.read(file).fields().forEach((k, v) -> fields.put(k, v.value()));
        for (var wrong :
                Map.of(
                                "bias",
                                "all",
                                "init_lora_weights",
                                "pissa",
                                "use_bdlora",
                                true,
                                "something_new",
                                3,
                                "target_parameters",
                                List.of("experts"))
                        .entrySet()) {
            Map<String, @Nullable Object> changed = new LinkedHashMap<>(fields);
            changed.put(wrong.getKey(), wrong.getValue());
            Json.write(changed, file);
            assertThatThrownBy(() -> Adapter.load(dir, base, rig.weights))
                    .isInstanceOf(UnsupportedModel.class)
                    .hasMessageContaining(wrong.getKey());
        }
        fields.put("target_modules", List.of("q_proj", "v_proj"));
        Json.write(fields, file);
        assertThatThrownBy(() -> Adapter.load(dir, base, rig.weights))
                .hasMessageContaining("4 of 8 tensors matched")
                .hasMessageContaining("v_proj");
        fields.put("target_modules", List.of("q_proj"));
        fields.put("r", 3);
        Json.write(fields, file);
        assertThatThrownBy(() -> Adapter.load(dir, base, rig.weights))
                .hasMessageContaining("lora_A");
        Files.delete(file);
        assertThatThrownBy(() -> Adapter.load(dir, base, rig.weights))
                .hasMessageContaining("adapter_config.json");
    }
}
