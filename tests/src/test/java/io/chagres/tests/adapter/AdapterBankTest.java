package io.chagres.tests.adapter;

import static io.chagres.tests.adapter.Rig.close;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.chagres.nn.UnsupportedModel;
import io.chagres.nn.adapter.AdapterBank;
import io.chagres.nn.adapter.LoraAdapter;
import io.chagres.nn.adapter.LoraConfig;
import io.chagres.nn.adapter.Targets;
import io.chagres.nn.transformer.Transformer;
import io.chagres.tensor.Tensor;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Rows of one batch with different adapters equal runs of their own.
class AdapterBankTest {
    private static final int LENGTH = 9;

    private final Rig rig = new Rig();

    @AfterEach
    void close_() {
        rig.close();
    }

    private LoraAdapter adapter(Transformer base, LoraConfig config, long seed) {
        LoraAdapter adapter = LoraAdapter.create(base, config, rig.weights, seed);
        List<Tensor> low = new ArrayList<>();
        adapter.parameters()
                .forEach((name, t) -> {
                    if (name.contains("lora_B")) {
                        low.add(t);
                    }
                });
        Rig.randomize(low, 0.2, seed);
        return adapter;
    }

    @ParameterizedTest
    @ValueSource(strings = {"llama", "gpt2"})
    void eachRowHasItsOwn(String name) throws IOException {
        Transformer base = rig.model(name);
        String one = name.equals("gpt2") ? "c_attn" : "v_proj";
        LoraAdapter wide = adapter(base, LoraConfig.of(4, 6, Targets.allLinear()).withDora(), 3);
        LoraAdapter narrow = adapter(base, LoraConfig.of(2, 9, Targets.named(one)), 4);
        LoraAdapter third = adapter(base, LoraConfig.of(3, 3, Targets.allLinear()), 5);
        AdapterBank bank =
                AdapterBank.of(base, List.of(wide, narrow, third), 5, rig.weights, rig.step);
        int[] ids = Rig.ids(base.config().vocabSize(), 4 * LENGTH, 7);
        List<Transformer> alone =
                List.of(narrow.attach(base), base, wide.attach(base), third.attach(base));
        bank.choose(1, AdapterBank.NONE, 0, 2);
        float[] together = rig.logits(bank.model(), 4, ids);
        int part = together.length / 4;
        for (int row = 0; row < 4; row++) {
            int[] own = Arrays.copyOfRange(ids, row * LENGTH, (row + 1) * LENGTH);
            float[] want = rig.logits(alone.get(row), 1, own);
            float[] got = Arrays.copyOfRange(together, row * part, (row + 1) * part);
            close("row " + row, got, want, 1e-5);
        }
        float[] before = Arrays.copyOf(together, part);
        bank.choose(2);
        float[] other = Arrays.copyOf(rig.logits(bank.model(), 4, ids), part);
        assertThat(other).isNotEqualTo(before);
    }

    @Test
    void sharesTheBase() throws IOException {
        Transformer base = rig.model("llama");
        LoraAdapter a = adapter(base, LoraConfig.of(2, 2, Targets.named("q_proj")), 1);
        long before = rig.weights.used();
        Transformer first = a.attach(base);
        Transformer second =
                adapter(base, LoraConfig.of(2, 2, Targets.named("v_proj")), 2).attach(base);
        assertThat(first.tokens().weight()).isSameAs(base.tokens().weight());
        assertThat(second.blocks().getFirst().mlp()).isSameAs(base.blocks().getFirst().mlp());
        assertThat(rig.weights.used() - before).isLessThan(8_192);
    }

    @Test
    void refusesWhatRowsCannotChoose() throws IOException {
        Transformer base = rig.model("llama");
        var config = LoraConfig.of(2, 2, Targets.named("q_proj")).withModulesToSave("lm_head");
        LoraAdapter saving = adapter(base, config, 1);
        assertThatThrownBy(() -> AdapterBank.of(base, List.of(saving), 2, rig.weights, rig.step))
                .isInstanceOf(UnsupportedModel.class)
                .hasMessageContaining("modules_to_save");
        LoraAdapter plain = adapter(base, LoraConfig.of(2, 2, Targets.named("q_proj")), 1);
        AdapterBank bank = AdapterBank.of(base, List.of(plain), 2, rig.weights, rig.step);
        assertThatThrownBy(() -> bank.choose(0, 1)).hasMessageContaining("no adapter 1");
        assertThatThrownBy(() -> bank.choose(0, 0, 0)).hasMessageContaining("3 rows");
    }
}
