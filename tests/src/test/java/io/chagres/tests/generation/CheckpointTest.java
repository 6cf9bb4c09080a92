package io.chagres.tests.generation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.chagres.kernels.cpu.CpuBackend;
import io.chagres.nn.UnsupportedModel;
import io.chagres.nn.generate.Decoder;
import io.chagres.nn.generate.KvCache;
import io.chagres.nn.hf.HfCheckpoint;
import io.chagres.nn.hf.HfNames;
import io.chagres.nn.hf.HfWriter;
import io.chagres.nn.layer.Modules;
import io.chagres.nn.transformer.Transformer;
import io.chagres.tensor.DType;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Spec;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.TensorData;
import io.chagres.tensor.backend.Backend;
import io.chagres.tensor.io.SafeTensors;
import io.chagres.tensor.io.SafeTensorsWriter;
import io.chagres.tensor.memory.TensorArena;
import io.chagres.tests.device.OpaqueBackend;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Hugging Face folders in and out.
class CheckpointTest {
    private static final long ONE_FILE = Long.MAX_VALUE;

    @TempDir Path dir;

    private final Backend backend = new CpuBackend(2);
    private final TensorArena weights = backend.arena("weights");
    private final TensorArena step = backend.arena("step");

    @AfterEach
    void close() {
        step.close();
        weights.close();
        backend.close();
    }

    private Transformer load(Path folder) throws IOException {
        return HfCheckpoint.load(folder, weights).model();
    }

    private float[] logits(Transformer model) {
        return Golden.logits(model, step, 5, 17, 300, 2, 9, 81, 4);
    }

    private static void assertSameBits(Transformer a, Transformer b) {
        Map<String, Tensor> want = Modules.state(a);
        Map<String, Tensor> got = Modules.state(b);
        assertThat(got.keySet()).isEqualTo(want.keySet());
        want.forEach(
                (path, t) -> assertThat(got.get(path).toFloats()).as(path).isEqualTo(t.toFloats()));
    }

    @ParameterizedTest
    @ValueSource(strings = {"llama", "gpt2", "qwen2", "mixtral", "deepseek_v2", "deepseek_v3"})
    void whatIsSavedLoadsAsItWas(String name) throws IOException {
        HfCheckpoint original = HfCheckpoint.load(Golden.folder(name), weights);
        var generation = Objects.requireNonNull(original.generation());
        HfCheckpoint.save(original.model(), generation, dir);
        HfCheckpoint again = HfCheckpoint.load(dir, weights);
        assertThat(again.config()).isEqualTo(original.config());
        assertThat(again.generation()).isEqualTo(generation);
        assertSameBits(original.model(), again.model());
        assertThat(logits(again.model())).isEqualTo(logits(original.model()));
        assertSameFile(Golden.folder(name), dir);
    }

    /// The same tensors in the same layout as Hugging Face wrote them.
    private static void assertSameFile(Path a, Path b) throws IOException {
        try (SafeTensors want = SafeTensors.open(a);
                SafeTensors got = SafeTensors.open(b)) {
            assertThat(got.names()).containsExactlyInAnyOrderElementsOf(want.names());
            for (String name : want.names()) {
                assertThat(got.spec(name)).as(name).isEqualTo(want.spec(name));
                assertThat(got.segment(name).mismatch(want.segment(name))).as(name).isEqualTo(-1);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"llama", "gpt2", "qwen2", "mixtral", "deepseek_v2", "deepseek_v3"})
    void shardsLoadLikeOneFile(String name) throws IOException {
        Path folder = Golden.copy(name, dir.resolve("shards"), 60_000, (t, m) -> List.of(t));
        assertThat(folder.resolve(SafeTensors.INDEX)).exists();
        assertThat(folder.resolve(SafeTensors.FILE)).doesNotExist();
        assertSameBits(load(Golden.folder(name)), load(folder));
    }

    @ParameterizedTest
    @ValueSource(strings = {"llama", "gpt2", "qwen2", "mixtral", "deepseek_v2", "deepseek_v3"})
    void mappedWeightsAreNotCopied(String name) throws IOException {
        Transformer copied = load(Golden.folder(name));
        try (SafeTensors file = HfCheckpoint.open(Golden.folder(name));
                TensorArena none = backend.arena("mapped")) {
            Transformer mapped = HfCheckpoint.map(Golden.folder(name), file, none).model();
            assertThat(none.used()).isZero();
            assertSameBits(copied, mapped);
            // A weight that stays transposed, as GPT-2's do, takes another path through GEMM.
            assertThat(logits(mapped)).containsExactly(logits(copied), within(1e-5f));
        }
    }

    @Test
    void aDeviceGetsCopies() throws IOException {
        Transformer here = load(Golden.folder("gpt2"));
        try (Backend device = new OpaqueBackend();
                TensorArena there = device.arena("there");
                SafeTensors file = HfCheckpoint.open(Golden.folder("gpt2"))) {
            assertSameBits(here, HfCheckpoint.load(Golden.folder("gpt2"), there).model());
            assertSameBits(here, HfCheckpoint.map(Golden.folder("gpt2"), file, there).model());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"mixtral", "deepseek_v2", "deepseek_v3"})
    void expertsMayBeStoredTogether(String name) throws IOException {
        Transformer model = load(Golden.folder(name));
        Path folder = Files.createDirectories(dir.resolve("fused"));
        Files.copy(Golden.folder(name).resolve("config.json"), folder.resolve("config.json"));
        SafeTensorsWriter writer = new SafeTensorsWriter();
        try (Arena copies = Arena.ofConfined()) {
            HfNames names = HfNames.of(model.config(), HfNames.ExpertLayout.FUSED);
            HfWriter.write(Modules.state(model), names, writer, copies);
            writer.write(folder.resolve(SafeTensors.FILE));
        }
        assertSameBits(model, load(folder));
        try (SafeTensors file = HfCheckpoint.open(folder)) {
            assertThat(file.names()).contains("model.layers.1.mlp.experts.gate_up_proj");
            assertSameBits(model, HfCheckpoint.map(folder, file, weights).model());
        }
    }

    @Test
    void gpt2LoadsWithoutThePrefix() throws IOException {
        Path folder =
                Golden.copy(
                        "gpt2",
                        dir.resolve("bare"),
                        ONE_FILE,
                        (t, m) -> List.of(t.named(t.name().replace("transformer.", ""))));
        assertSameBits(load(Golden.folder("gpt2")), load(folder));
    }

    @Test
    void whatOtherLibrariesLeaveBehindIsIgnored() throws IOException {
        Path folder =
                Golden.copy(
                        "gpt2",
                        dir.resolve("old"),
                        ONE_FILE,
                        (t, m) ->
                                switch (t.name()) {
                                    case "transformer.wte.weight" ->
                                            List.of(t, t.named("lm_head.weight")); // tied
                                    case "transformer.ln_f.bias" ->
                                            List.of(t, t.named("transformer.h.0.attn.masked_bias"));
                                    default -> List.of(t);
                                });
        assertSameBits(load(Golden.folder("gpt2")), load(folder));
    }

    @ParameterizedTest
    @EnumSource(
            value = DType.class,
            names = {"BF16", "F16", "F64"})
    void otherFloatsBecomeF32(DType dtype) throws IOException {
        Path folder =
                Golden.copy(
                        "gpt2",
                        dir.resolve("half"),
                        ONE_FILE,
                        (t, m) -> List.of(converted(t, dtype, m)));
        Transformer half = load(folder);
        Map<String, Tensor> want = Modules.parameters(load(Golden.folder("gpt2")));
        Modules.parameters(half)
                .forEach((path, t) -> {
                    assertThat(t.dtype()).isEqualTo(DType.F32);
                    assertThat(t.toFloats())
                            .as(path)
                            .isEqualTo(rounded(want.get(path).toFloats(), dtype));
                });
        try (SafeTensors file = HfCheckpoint.open(folder)) {
            assertSameBits(half, HfCheckpoint.map(folder, file, weights).model());
        }
    }

    @ParameterizedTest
    @CsvSource({"llama, BF16", "gpt2, BF16", "qwen2, BF16", "llama, F16"})
    void narrowWeightsStayMappedAndActAsIfWidened(String name, DType dtype) throws IOException {
        Path folder =
                Golden.copy(
                        name,
                        dir.resolve("narrow"),
                        ONE_FILE,
                        (t, m) -> List.of(converted(t, dtype, m)));
        Transformer wide = load(folder);
        try (SafeTensors file = HfCheckpoint.open(folder);
                TensorArena none = backend.arena("mapped");
                TensorArena pages = backend.arena("pages")) {
            Transformer mapped = HfCheckpoint.map(folder, file, none).model();
            long vectors = 0;
            for (Map.Entry<String, Tensor> e : Modules.parameters(mapped).entrySet()) {
                boolean vector = e.getValue().shape().rank() == 1;
                DType kept = vector ? DType.F32 : dtype;
                assertThat(e.getValue().dtype()).as(e.getKey()).isEqualTo(kept);
                vectors += vector ? e.getValue().spec().bytes() : 0;
            }
            assertThat(none.used()).as("no matrix is copied").isLessThan(2 * vectors);
            // The order of a sum depends on the dtype where there are few rows.
            assertThat(logits(mapped)).containsExactly(logits(wide), within(1e-5f));
            float[][] decoded = new float[2][];
            for (int i = 0; i < 2; i++) {
                Transformer model = i == 0 ? wide : mapped;
                Decoder decoder = new Decoder(model, step, new KvCache(model.config(), pages, 32));
                try (KvCache.Sequence s = decoder.cache().open()) {
                    decoder.prefill(s, 1, 2, 3);
                    decoded[i] = decoder.decode(List.of(s), 4)[0];
                }
            }
            assertThat(decoded[1]).containsExactly(decoded[0], within(1e-5f));
        }
    }

    private static Golden.Stored converted(Golden.Stored t, DType dtype, Arena memory) {
        Spec spec = new Spec(dtype, t.spec().shape());
        MemorySegment to = memory.allocate(spec.bytes());
        for (long i = 0; i < spec.shape().size(); i++) {
            TensorData.put(to, dtype, i, TensorData.get(t.bytes(), t.spec().dtype(), i));
        }
        return new Golden.Stored(t.name(), spec, to);
    }

    private static float[] rounded(float[] values, DType dtype) {
        MemorySegment one = MemorySegment.ofArray(new byte[8]);
        float[] out = new float[values.length];
        for (int i = 0; i < out.length; i++) {
            TensorData.put(one, dtype, 0, values[i]);
            out[i] = (float) TensorData.get(one, dtype, 0);
        }
        return out;
    }

    private void assertRefused(String name, Golden.Edit edit, String... message)
            throws IOException {
        Path folder = Golden.copy(name, dir.resolve("broken"), ONE_FILE, edit);
        assertThatThrownBy(() -> load(folder))
                .isInstanceOf(UnsupportedModel.class)
                .hasMessageContaining(folder.toString())
                .hasMessageContainingAll(message);
    }

    @Test
    void aMissingTensorIsNamed() throws IOException {
        assertRefused(
                "llama",
                (t, m) -> t.name().equals("model.norm.weight") ? List.of() : List.of(t),
                "20 of 21 tensors matched",
                "missing: model.norm.weight");
    }

    @Test
    void aTensorLeftOverIsNamed() throws IOException {
        assertRefused(
                "qwen2",
                (t, m) ->
                        t.name().equals("model.norm.weight")
                                ? List.of(t, t.named("model.layers.0.self_attn.q_norm.weight"))
                                : List.of(t),
                "left over: model.layers.0.self_attn.q_norm.weight");
    }

    @Test
    void aMisshapenTensorIsNamed() throws IOException {
        assertRefused(
                "llama",
                (t, m) ->
                        List.of(
                                t.name().equals("model.layers.1.mlp.up_proj.weight")
                                        ? t.as(Shape.of(64, 160))
                                        : t),
                "model.layers.1.mlp.up_proj.weight",
                "64, 160",
                "160, 64");
    }

    @Test
    void aJoinedTensorMustDivideExactly() throws IOException {
        assertRefused(
                "gpt2",
                (t, m) ->
                        List.of(
                                t.name().equals("transformer.h.0.attn.c_attn.bias")
                                        ? longer(t, m)
                                        : t),
                "transformer.h.0.attn.c_attn.bias",
                "193",
                "each of 3 parts");
    }

    private static Golden.Stored longer(Golden.Stored t, Arena memory) {
        Spec spec = t.spec().as(Shape.of(t.spec().shape().size() + 1));
        MemorySegment bytes = memory.allocate(spec.bytes());
        MemorySegment.copy(t.bytes(), 0, bytes, 0, t.bytes().byteSize());
        return new Golden.Stored(t.name(), spec, bytes);
    }

    @Test
    void aFolderThatIsNoneIsNamed() {
        Path nowhere = dir.resolve("nowhere");
        assertThatThrownBy(() -> load(nowhere))
                .isInstanceOf(IOException.class)
                .hasMessageContaining(nowhere.toString());
        assertThatThrownBy(() -> load(Files.createDirectory(nowhere)))
                .isInstanceOf(IOException.class)
                .hasMessageContaining(nowhere.toString());
    }
}
