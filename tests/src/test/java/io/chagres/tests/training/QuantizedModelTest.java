package io.chagres.tests.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.chagres.kernels.cpu.CpuBackend;
import io.chagres.nn.UnsupportedModel;
import io.chagres.nn.attention.SelfAttention;
import io.chagres.nn.hf.HfCheckpoint;
import io.chagres.nn.hf.config.GenerationConfig;
import io.chagres.nn.layer.Embedding;
import io.chagres.nn.layer.Int8Linear;
import io.chagres.nn.layer.Linear;
import io.chagres.nn.layer.Modules;
import io.chagres.nn.layer.Projection;
import io.chagres.nn.layer.RmsNorm;
import io.chagres.nn.loss.CausalLoss;
import io.chagres.nn.moe.Mlp;
import io.chagres.nn.quantize.Calibration;
import io.chagres.nn.quantize.InputPeaks;
import io.chagres.nn.quantize.Quantization;
import io.chagres.nn.quantize.Quantizer;
import io.chagres.nn.text.Tokenizer;
import io.chagres.nn.transformer.Block;
import io.chagres.nn.transformer.Transformer;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.backend.Backend;
import io.chagres.tensor.io.SafeTensors;
import io.chagres.tensor.memory.TensorArena;
import io.chagres.tensor.random.Rng;
import java.io.IOException;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Models whose matrices are of 8 bits: what they compute, their files, and what they lose.
class QuantizedModelTest {
    private static final Quantizer.Progress QUIET = (module, done, of) -> {};
    private static final double PLANTED = 50;
    private static final int LENGTH = 16;

    @TempDir private Path folder;
    private Backend backend;
    private TensorArena weights;
    private TensorArena step;

    @BeforeEach
    void open() {
        backend = new CpuBackend(2);
        weights = backend.arena("weights");
        step = backend.arena("step");
    }

    @AfterEach
    void close() {
        step.close();
        weights.close();
        backend.close();
    }

    private static Path golden(String name) {
        URL url = QuantizedModelTest.class.getResource("/golden/" + name + "/config.json");
        try {
            return Path.of(Objects.requireNonNull(url, name).toURI()).getParent();
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    private float[] logits(Transformer model) {
        Rng rng = new Rng(5);
        int[] ids = new int[24];
        for (int i = 0; i < ids.length; i++) {
            ids[i] = rng.nextInt(model.config().vocabSize());
        }
        return step.call(() -> {
            Tensor in = Tensor.of(step, Shape.of(2, ids.length / 2), ids);
            return model.logits(Transformer.Input.of(in)).toFloats();
        });
    }

    private Transformer quantized(Transformer model, Quantization how) {
        return Quantizer.quantize(model, how, null, weights, QUIET);
    }

    private Path save(Transformer model, String name) throws IOException {
        Path to = Files.createDirectory(folder.resolve(name));
        HfCheckpoint.save(model, GenerationConfig.ofTokens(null, List.of(), null), to);
        return to;
    }

    @ParameterizedTest
    @CsvSource({
        "llama, 0, false",
        "llama, 8, true",
        "gpt2, 0, false",
        "gpt2, 8, false",
        "qwen2, 8, false",
        "qwen2, 0, true",
        "mixtral, 0, true",
        "mixtral, 8, false",
        "deepseek_v2, 0, false",
        "deepseek_v3, 8, false"
    })
    void aFileGivesTheSameModelBack(String name, int group, boolean dynamic) throws IOException {
        Transformer plain = HfCheckpoint.load(golden(name), weights).model();
        Quantization how =
                Quantization.WEIGHTS.withGroupSize(group).withDynamic(dynamic).withOutliers(2);
        Transformer made = quantized(plain, how);
        try (SafeTensors file = HfCheckpoint.open(golden(name))) {
            // also of matrices that lie in their file, transposed or apart from each other
            Transformer there = HfCheckpoint.map(golden(name), file, weights).model();
            assertThat(logits(quantized(there, how))).containsExactly(logits(made));
        }
        assertThat(Modules.parameters(made).keySet()).doesNotContain("tokens.weight");
        Path first = save(made, "first");
        try (SafeTensors file = HfCheckpoint.open(first)) {
            Transformer mapped = HfCheckpoint.map(first, file, weights).model();
            assertThat(logits(mapped)).containsExactly(logits(made));
            assertThat(Files.readAllBytes(save(mapped, "again").resolve(SafeTensors.FILE)))
                    .isEqualTo(Files.readAllBytes(first.resolve(SafeTensors.FILE)));
        }
        // as floats, the same matrices
        Transformer wide = HfCheckpoint.load(first, weights).model();
        assertThat(Modules.parameters(wide).keySet()).isEqualTo(Modules.parameters(plain).keySet());
        float[] exact = logits(wide);
        double scale = norm(exact);
        double bound = dynamic ? 0.05 : 1e-4;
        assertThat(distance(exact, logits(made))).isLessThan(bound * scale);
        assertThat(distance(exact, logits(plain))).isBetween(1e-6 * scale, 0.05 * scale);
    }

    private static double norm(float[] a) {
        return distance(a, new float[a.length]);
    }

    private static double distance(float[] a, float[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += ((double) a[i] - b[i]) * ((double) a[i] - b[i]);
        }
        return Math.sqrt(sum);
    }

    @Test
    void theFileSaysWhatItHoldsAndIntegersStayInIt() throws IOException {
        Transformer plain = HfCheckpoint.load(golden("llama"), weights).model();
        Quantization how = Quantization.WEIGHTS.withGroupSize(8).keeping(List.of("layers.0.mlp"));
        Path to = save(quantized(plain, how), "out");
        String config = Files.readString(to.resolve("config.json"));
        assertThat(config.replaceAll("\\s", ""))
                .contains("\"quant_method\":\"compressed-tensors\"")
                .contains("\"format\":\"int-quantized\"")
                .contains("\"targets\":[\"Linear\"]")
                .contains("\"strategy\":\"group\"")
                .contains("\"ignore\":[\"model.layers.0.mlp.gate_proj\"");
        try (SafeTensors file = HfCheckpoint.open(to)) {
            String q = "model.layers.1.self_attn.q_proj.weight";
            assertThat(file.storedType(q)).isEqualTo("I8");
            assertThat(file.storedType(q + "_scale")).isEqualTo("F32");
            assertThat(file.shape(q + "_scale").dim(1) * 8).isEqualTo(file.shape(q).dim(1));
            assertThat(file.storedType("model.layers.0.mlp.up_proj.weight")).isEqualTo("F32");
            try (TensorArena own = backend.arena("own")) {
                HfCheckpoint.map(to, file, own);
                long matrices = file.names().stream().mapToLong(file::bytes).sum();
                assertThat(own.peak()).isLessThan(matrices / 2);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\"quant_method\" : \"gptq\"",
                "\"format\" : \"pack-quantized\"",
                "\"num_bits\" : 4",
                "\"symmetric\" : false",
                "\"strategy\" : \"block\"",
                "\"ignore\" : [ \"re:.*q_proj\" ]",
            })
    void whatIsNotSupportedIsRefused(String change) throws IOException {
        Transformer plain = HfCheckpoint.load(golden("llama"), weights).model();
        Path to = save(quantized(plain, Quantization.WEIGHTS), "out");
        Path config = to.resolve("config.json");
        String field = change.substring(0, change.indexOf(" : "));
        String text = Files.readString(config);
        String changed =
                text.replaceFirst(
                        field + "\\s*:\\s*(\\[[^\\]]*\\]|[^,\\n}]+)", change.replace("\\", "\\\\"));
        assertThat(changed).isNotEqualTo(text);
        Files.writeString(config, changed);
        assertThatThrownBy(() -> HfCheckpoint.load(to, weights))
                .isInstanceOf(UnsupportedModel.class)
                .hasMessageContaining(
                        field.contains("ignore") ? "q_proj" : field.replace("\"", ""));
    }

    @Test
    void wrongWishesAreRefused() throws IOException {
        Transformer plain = HfCheckpoint.load(golden("llama"), weights).model();
        assertThatThrownBy(() -> quantized(plain, Quantization.WEIGHTS.keeping(List.of("no.such"))))
                .hasMessageContaining("no.such");
        assertThatThrownBy(() -> quantized(plain, Quantization.WEIGHTS.withGroupSize(7)))
                .hasMessageContaining("groups of 7");
    }

    @Test
    void clippingNeverHasALargerErrorWhenItIsSearchedFor() {
        Rng rng = new Rng(3);
        float[] values = new float[64];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) rng.normal(i);
        }
        values[7] = 6;
        Linear one = new Linear(Tensor.of(weights, Shape.of(1, 64), values), null);
        double absmax = error(one, new Calibration.Absmax());
        assertThat(error(one, new Calibration.Mse())).isLessThanOrEqualTo(absmax);
        assertThat(error(one, new Calibration.Percentile(90))).isGreaterThan(absmax);
        assertThat(error(one, new Calibration.Percentile(100))).isEqualTo(absmax);
    }

    private static double error(Linear linear, Calibration calibration) {
        float[] w = linear.weight().toFloats();
        float most = 0;
        for (float v : w) {
            most = Math.max(most, Math.abs(v));
        }
        float scale = calibration.limit(w, 0, w.length, most) / Calibration.MOST;
        double sum = 0;
        for (float v : w) {
            double d = v - scale * (double) Calibration.round(v, scale);
            sum += d * d;
        }
        return sum;
    }

    @Test
    void aTrainedModelKeepsItsPerplexityAlsoWithOutliers() throws IOException {
        TinyRun run =
                TinyRun.in(folder)
                        .with("train.steps", 150)
                        .with("train.gradient_accumulation", 1)
                        .with("train.dropout", 0)
                        .with("train.eval_every", 150)
                        .with("train.sample_every", 0)
                        .with("train.save_every", 0);
        run.train();
        Path last = run.output().resolve("last");
        Transformer model = HfCheckpoint.load(last, weights).model();
        List<int[]> texts = texts(Tokenizer.load(last), run.corpus());
        double before = perplexity(model, texts);
        assertThat(before).isLessThan(60);
        Quantization w8 = Quantization.WEIGHTS;
        assertThat(perplexity(quantized(model, w8), texts)).isLessThan(before * 1.01);
        assertThat(perplexity(quantized(model, w8.withDynamic(true)), texts))
                .isLessThan(before * 1.01);
        assertThat(perplexity(quantized(model, w8.withCalibration(new Calibration.Mse())), texts))
                .isLessThan(before * 1.01);

        Transformer planted = planted(model);
        assertThat(perplexity(planted, texts)).isCloseTo(before, within(before * 1e-3));
        double hurt = perplexity(quantized(planted, w8.withDynamic(true)), texts);
        InputPeaks peaks = InputPeaks.of(planted, texts.subList(0, 8), step);
        for (boolean dynamic : new boolean[] {false, true}) {
            Transformer saved =
                    Quantizer.quantize(
                            planted,
                            w8.withDynamic(dynamic).withOutliers(8),
                            peaks,
                            weights,
                            QUIET);
            Block first = saved.blocks().getFirst();
            assertThat(((Int8Linear) ((SelfAttention) first.attention()).q()).outliers())
                    .isNotNull();
            double found = perplexity(saved, texts);
            assertThat(found).isLessThan(before * 1.01);
            assertThat(found - before).isLessThan(hurt - before);
        }
        assertThat(saved(model)).isLessThan(0.27);
    }

    /// Bytes of 8-bit weights over those in F32.
    private double saved(Transformer model) throws IOException {
        Path f32 = save(model, "f32");
        Path int8 = save(quantized(model, Quantization.WEIGHTS), "int8");
        try (SafeTensors a = HfCheckpoint.open(f32);
                SafeTensors b = HfCheckpoint.open(int8)) {
            double small = b.names().stream().mapToLong(b::bytes).sum();
            // a model of width 32 has a scale for 32 weights, which one for 128 or more hides
            double scales =
                    b.names().stream().filter(n -> n.endsWith("_scale")).mapToLong(b::bytes).sum();
            return (small - scales) / a.names().stream().mapToLong(a::bytes).sum();
        }
    }

    private static List<int[]> texts(Tokenizer tokenizer, Path corpus) throws IOException {
        List<int[]> all = new ArrayList<>();
        int[] ids = tokenizer.encode(Files.readString(corpus), false);
        for (int i = 0; i + LENGTH + 1 <= ids.length && all.size() < 64; i += LENGTH) {
            all.add(Arrays.copyOfRange(ids, i, i + LENGTH + 1));
        }
        return all;
    }

    private double perplexity(Transformer model, List<int[]> texts) {
        double sum = 0;
        int n = 0;
        for (int[] ids : texts) {
            int[] from = Arrays.copyOf(ids, LENGTH);
            int[] to = Arrays.copyOfRange(ids, 1, LENGTH + 1);
            float[] losses =
                    step.call(() -> {
                        Tensor in = Tensor.of(step, Shape.of(1, LENGTH), from);
                        Tensor targets = Tensor.of(step, Shape.of(1, LENGTH), to);
                        Tensor y = model.logits(Transformer.Input.of(in));
                        return CausalLoss.perToken(y, targets, 0).toFloats();
                    });
            for (float l : losses) {
                sum += l;
                n++;
            }
        }
        return Math.exp(sum / n);
    }

    /// The same function with some channels 50 times as large inside: norms' weights times 50,
    /// columns of what follows by 50; likewise rows of up and columns of down.
    private Transformer planted(Transformer model) {
        return Modules.map(
                model,
                part -> {
                    if (!(part instanceof Block b)) {
                        return part;
                    }
                    SelfAttention a = (SelfAttention) b.attention();
                    Mlp.Gated m = (Mlp.Gated) b.mlp();
                    SelfAttention attention =
                            new SelfAttention(
                                    columns(a.q(), 3, 17),
                                    columns(a.k(), 3, 17),
                                    columns(a.v(), 3, 17),
                                    a.o(),
                                    a.qNorm(),
                                    a.kNorm(),
                                    a.headDim(),
                                    a.window());
                    Mlp.Gated mlp =
                            new Mlp.Gated(
                                    columns(m.gate(), 5),
                                    rows(columns(m.up(), 5), 9),
                                    columns(m.down(), 9));
                    return new Block(
                            norm((RmsNorm) b.attentionNorm(), 3, 17),
                            attention,
                            norm((RmsNorm) b.mlpNorm(), 5),
                            mlp);
                });
    }

    private RmsNorm norm(RmsNorm norm, int... channels) {
        float[] w = norm.weight().toFloats();
        for (int c : channels) {
            w[c] *= (float) PLANTED;
        }
        return new RmsNorm(Tensor.of(weights, norm.weight().shape(), w), norm.eps());
    }

    private Linear columns(Projection p, int... channels) {
        Tensor w = p.matrix();
        float[] values = w.toFloats();
        int in = Math.toIntExact(w.dim(1));
        for (int i = 0; i < values.length; i++) {
            for (int c : channels) {
                values[i] /= i % in == c ? (float) PLANTED : 1;
            }
        }
        return new Linear(Tensor.of(weights, w.shape(), values), p.bias());
    }

    private Linear rows(Linear p, int row) {
        float[] values = p.weight().toFloats();
        int in = Math.toIntExact(p.weight().dim(1));
        for (int i = row * in; i < (row + 1) * in; i++) {
            values[i] *= (float) PLANTED;
        }
        return new Linear(Tensor.of(weights, p.weight().shape(), values), p.bias());
    }

    @Test
    void aTableOfEightBitsIsLookedUpAndScores() throws IOException {
        Transformer model = HfCheckpoint.load(golden("llama"), weights).model();
        Embedding table = quantized(model, Quantization.WEIGHTS).tokens();
        assertThat(table).isInstanceOf(Embedding.Int8.class);
        float[] all = step.call(() -> table.weight().toFloats());
        int width = model.config().hiddenSize();
        step.call(() -> {
            Tensor rows = table.apply(Tensor.of(step, Shape.of(1, 2), 3, 1));
            assertThat(rows.shape()).isEqualTo(Shape.of(1, 2, width));
            float[] found = rows.toFloats();
            for (int i = 0; i < width; i++) {
                assertThat(found[i]).isEqualTo(all[3 * width + i]);
                assertThat(found[width + i]).isEqualTo(all[width + i]);
            }
            float[] x = new float[width];
            x[4] = 1;
            float[] scores = table.project(Tensor.of(step, Shape.of(1, width), x)).toFloats();
            for (int v = 0; v < scores.length; v++) {
                assertThat(scores[v]).isEqualTo(all[v * width + 4]);
            }
            return 0;
        });
    }
}
