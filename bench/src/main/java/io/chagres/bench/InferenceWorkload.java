package io.chagres.bench;

import io.chagres.nn.generate.Decoder;
import io.chagres.nn.generate.KvCache;
import io.chagres.nn.hf.HfCheckpoint;
import io.chagres.nn.layer.Buffer;
import io.chagres.nn.layer.Embedding;
import io.chagres.nn.layer.Int8Linear;
import io.chagres.nn.layer.Projection;
import io.chagres.nn.transformer.ParameterSource;
import io.chagres.nn.transformer.Transformer;
import io.chagres.nn.transformer.TransformerBuilder;
import io.chagres.nn.transformer.TransformerConfig;
import io.chagres.nn.transformer.TransformerConfigBuilder;
import io.chagres.tensor.DType;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.backend.Backend;
import io.chagres.tensor.io.SafeTensors;
import io.chagres.tensor.memory.TensorArena;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// One sequence through a model with a KV cache: `prefill` reads a prompt in one pass, `decode`
/// writes token by token after a prompt of one. Shapes are the model and how many tokens.
///
/// `135m` and `0.5b` are Llama-style models with random weights and a tied head, made in memory:
/// their speed is that of trained ones.
///
/// The dtype is the one to compute in, as users choose it; what [Decoder] does for it is measured.
/// Random matrices are stored in it: `int8` stands for weights of 8 bits with a scale per row that
/// are computed with in F32, the table of tokens among them, and `w8a8` for inputs of 8 bits too. A
/// checkpoint's are as they are stored, those in F32 rounded when it is loaded for BF16.
final class InferenceWorkload implements Workload {
    private static final Map<String, TransformerConfig> MODELS =
            Map.of(
                    "135m", llama(30, 576, 1536, 9, 3, 49_152),
                    "0.5b", llama(24, 896, 4864, 14, 2, 151_936));
    private static final int PREFILL_TOKENS = 512;
    private static final int DECODE_TOKENS = 64;
    private static final int SEVENTH_TOKEN = 7;
    private static final int MOST = 127;

    /// The dtype of weights and inputs of 8 bits.
    private static final String W8A8 = "w8a8";

    private final String name;

    InferenceWorkload(String name) {
        this.name = name;
    }

    private static TransformerConfig llama(
            int layers, int hidden, int ffn, int heads, int kvHeads, int vocab) {
        return TransformerConfigBuilder.llama()
                .numLayers(layers)
                .hiddenSize(hidden)
                .intermediateSize(ffn)
                .numHeads(heads)
                .numKvHeads(kvHeads)
                .vocabSize(vocab)
                .maxPositionEmbeddings(8192)
                .tiedHead(true)
                .build();
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public String unit() {
        return "tokens_per_second";
    }

    @Override
    public double work(Task task) {
        return task.dims()[0];
    }

    @Override
    public List<Task> tasks(Choice choice) {
        int usual = name.equals("prefill") ? PREFILL_TOKENS : DECODE_TOKENS;
        int tokens = choice.tokens() > 0 ? choice.tokens() : usual;
        // A task's parts are separated by slashes, and so are a path's.
        String model = choice.model().replace('/', '|');
        return List.of(new Task(name, "greedy", model + ":" + tokens, choice.dtype()));
    }

    @Override
    public Prepared prepare(Backend backend, int threads, Task task) {
        List<AutoCloseable> open = new ArrayList<>();
        Operands o = new Operands(backend);
        open.add(o);
        TensorArena weights = backend.arena("weights");
        open.add(weights);
        TensorArena cache = backend.arena("kv cache");
        open.add(cache);
        TransformerConfig known = MODELS.get(task.label());
        boolean dynamic = task.dtype().equals(W8A8);
        DType stored = dynamic ? DType.I8 : Operands.dtype(task);
        DType compute = stored == DType.I8 ? DType.F32 : stored;
        Transformer model =
                known != null
                        ? random(known, stored, dynamic, o, weights)
                        : stored(Path.of(task.label().replace('|', '/')), compute, weights, open);
        weights.seal();
        int tokens = task.dims()[0];
        var pages = new KvCache(KvCache.layers(model.config()), cache, tokens + 1, compute);
        Decoder decoder = new Decoder(model, o.step(), pages, compute);
        boolean prefill = name.equals("prefill");
        return new Prepared() {
            @Override
            public void run() {
                if (prefill) {
                    prefill(decoder, tokens);
                } else {
                    decode(decoder, tokens);
                }
            }

            @Override
            public long peakBytes() {
                return weights.peak() + cache.peak() + o.step().peak();
            }

            @Override
            public void close() {
                for (AutoCloseable c : open.reversed()) {
                    try {
                        c.close();
                    } catch (Exception e) {
                        throw new IllegalStateException(e);
                    }
                }
            }
        };
    }

    private static Transformer random(
            TransformerConfig config,
            DType dtype,
            boolean dynamic,
            Operands o,
            TensorArena weights) {
        double scale = config.initializerRange();
        DType plain = dtype == DType.I8 ? DType.F32 : dtype;
        return TransformerBuilder.build(
                config,
                new ParameterSource() {
                    @Override
                    public Tensor get(String path, Shape shape, Init init) {
                        DType kept = shape.rank() > 1 ? plain : DType.F32; // as a loaded model's
                        return o.random(weights, kept, scale, shape);
                    }

                    @Override
                    public @Nullable Projection compressed(
                            String path, Shape shape, @Nullable Tensor bias) {
                        return dtype == DType.I8
                                ? new Int8Linear(q(shape), scales(shape), bias, dynamic, null)
                                : null;
                    }

                    @Override
                    public @Nullable Embedding compressedTable(String path, Shape shape) {
                        return dtype == DType.I8
                                ? new Embedding.Int8(q(shape), scales(shape))
                                : null;
                    }

                    private Buffer q(Shape shape) {
                        return new Buffer(o.random(weights, DType.I8, MOST, shape));
                    }

                    private Buffer scales(Shape shape) {
                        float[] all = new float[Math.toIntExact(shape.dim(0))];
                        Arrays.fill(all, (float) (scale / MOST));
                        return new Buffer(Tensor.of(weights, shape.without(-1), all));
                    }
                });
    }

    private static Transformer stored(
            Path folder, DType compute, TensorArena weights, List<AutoCloseable> open) {
        try {
            SafeTensors file = HfCheckpoint.open(folder);
            open.add(file);
            return HfCheckpoint.map(folder, file, weights, compute).model();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void prefill(Decoder decoder, int tokens) {
        int[] prompt = new int[tokens];
        for (int i = 0; i < tokens; i++) {
            prompt[i] = i % 100 + 1;
        }
        try (KvCache.Sequence sequence = decoder.cache().open()) {
            decoder.prefill(sequence, prompt, (i, logits) -> {});
        }
    }

    private static void decode(Decoder decoder, int tokens) {
        try (KvCache.Sequence sequence = decoder.cache().open()) {
            List<KvCache.Sequence> one = List.of(sequence);
            int[] token = {SEVENTH_TOKEN};
            for (int i = 0; i < tokens; i++) {
                decoder.decode(one, token, (s, logits) -> token[0] = best(logits));
            }
        }
    }

    private static int best(float[] logits) {
        int best = 0;
        for (int i = 1; i < logits.length; i++) {
            if (logits[i] > logits[best]) {
                best = i;
            }
        }
        return best;
    }
}
