package io.chagres.nn.generate;

import io.chagres.nn.hf.HfCheckpoint;
import io.chagres.nn.hf.config.GenerationConfig;
import io.chagres.nn.text.StreamingDecoder;
import io.chagres.nn.text.Tokenizer;
import io.chagres.nn.transformer.TransformerConfig;
import io.chagres.tensor.backend.Backend;
import io.chagres.tensor.backend.Backends;
import io.chagres.tensor.io.SafeTensors;
import io.chagres.tensor.memory.ArenaOptions;
import io.chagres.tensor.memory.TensorArena;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// A model with its tokenizer, ready to write text.
///
/// ```java
/// try (var model = LanguageModel.load(Path.of("checkpoint"))) {
///     System.out.println(model.generate("Once upon a time", model.defaults(100)).text());
/// }
/// ```
///
/// May be used from any thread, virtual ones too; generations run one after another. Weights stored
/// as F32 stay in the mapped file, which must not be changed in place while the model is open.
public final class LanguageModel implements AutoCloseable {
    /// How to load.
    ///
    /// @param device `auto`, `cpu`, …
    /// @param threads host threads to compute with; 0 for one per processor
    /// @param maxTokens room in the KV cache; 0 for the longest sequence the model can see, at most
    ///   4,096
    /// @param limitBytes bytes that activations and the KV cache may take
    public record Options(String device, int threads, int maxTokens, long limitBytes) {
        /// All processors, no limit.
        public static final Options DEFAULT = new Options("auto", 0, 0, Long.MAX_VALUE);
    }

    private static final int DEFAULT_TOKENS = 4096;

    private final HfCheckpoint checkpoint;
    private final Tokenizer tokenizer;
    private final Decoder decoder;
    private final List<AutoCloseable> resources;
    private final ReentrantLock turn = new ReentrantLock();
    private boolean closed;

    private LanguageModel(
            HfCheckpoint checkpoint,
            Tokenizer tokenizer,
            Decoder decoder,
            List<AutoCloseable> resources) {
        this.checkpoint = checkpoint;
        this.tokenizer = tokenizer;
        this.decoder = decoder;
        this.resources = resources;
    }

    /// Loads a Hugging Face folder on the best device there is.
    public static LanguageModel load(Path folder) throws IOException {
        return load(folder, Options.DEFAULT);
    }

    /// Loads a Hugging Face folder.
    ///
    /// @throws io.chagres.nn.UnsupportedModel when the architecture is not one we know
    /// @throws io.chagres.tensor.memory.BudgetExceeded when the limit is too low
    /// @throws IOException when a file is missing or damaged
    @SuppressWarnings("MustBeClosedChecker") // the model closes them
    public static LanguageModel load(Path folder, Options options) throws IOException {
        List<AutoCloseable> resources = new ArrayList<>();
        try {
            SafeTensors file = HfCheckpoint.open(folder);
            resources.add(file);
            Tokenizer tokenizer = Tokenizer.load(folder);
            Backend backend = Backends.open(options.device(), options.threads());
            resources.add(backend);
            TensorArena weights = backend.arena("weights");
            resources.add(weights);
            HfCheckpoint checkpoint = HfCheckpoint.map(folder, file, weights);
            weights.seal();
            TransformerConfig config = checkpoint.config();
            int tokens =
                    options.maxTokens() > 0
                            ? options.maxTokens()
                            : Math.min(DEFAULT_TOKENS, config.maxPositionEmbeddings());
            long cacheBytes = KvCache.bytes(config, tokens) + TensorArena.ALIGNMENT;
            TensorArena cache =
                    backend.arena(
                            "kv cache",
                            ArenaOptions.of(0)
                                    .withLimit(Math.min(cacheBytes, options.limitBytes())));
            resources.add(cache);
            KvCache pages = new KvCache(config, cache, tokens);
            long left = Math.max(0, options.limitBytes() - cache.used());
            TensorArena step = backend.arena("step", ArenaOptions.of(0).withLimit(left));
            resources.add(step);
            return new LanguageModel(
                    checkpoint, tokenizer, new Decoder(checkpoint.model(), step, pages), resources);
        } catch (Throwable e) {
            closeAll(resources);
            throw e;
        }
    }

    /// The architecture.
    public TransformerConfig config() {
        return checkpoint.config();
    }

    /// The tokenizer.
    public Tokenizer tokenizer() {
        return tokenizer;
    }

    /// The sampling options the checkpoint asks for.
    ///
    /// @param maxNewTokens used when the checkpoint does not say
    public SamplingOptions defaults(int maxNewTokens) {
        return SamplingOptions.of(checkpoint.generation(), maxNewTokens);
    }

    /// Continues a text.
    public Generation generate(String prompt, SamplingOptions options) {
        return generate(prompt, options, piece -> true);
    }

    /// Continues a text, handing on each piece as soon as it is written. Pieces end at characters.
    ///
    /// @param sink returns whether it wants more
    public Generation generate(String prompt, SamplingOptions options, Predicate<String> sink) {
        return generate(promptIds(prompt), options, sink);
    }

    /// Continues tokens.
    ///
    /// @throws IllegalArgumentException when there is no token, or more than the model can see
    /// @throws io.chagres.tensor.memory.BudgetExceeded when the KV cache is full; whatever was
    ///   handed on until then is right
    public Generation generate(int[] prompt, SamplingOptions options, Predicate<String> sink) {
        if (prompt.length == 0) {
            throw new IllegalArgumentException(
                    "the prompt has no token, and the tokenizer adds none at the beginning");
        }
        if (prompt.length > decoder.maxLength()) {
            throw new IllegalArgumentException(
                    "the prompt has "
                            + prompt.length
                            + " tokens, the model can see "
                            + decoder.maxLength());
        }
        turn.lock();
        try {
            if (closed) {
                throw new IllegalStateException("the model is closed");
            }
            try (KvCache.Sequence sequence = decoder.cache().open()) {
                return run(sequence, prompt, options, sink);
            }
        } finally {
            turn.unlock();
        }
    }

    /// Waits for the generation under way and gives everything back.
    @Override
    public void close() {
        turn.lock();
        try {
            if (!closed) {
                closed = true;
                closeAll(resources);
            }
        } finally {
            turn.unlock();
        }
    }

    private int[] promptIds(String prompt) {
        int[] ids = tokenizer.encode(prompt, true);
        Integer bos = checkpoint.config().bosId();
        return ids.length == 0 && bos != null ? new int[] {bos} : ids;
    }

    private Generation run(
            KvCache.Sequence sequence,
            int[] prompt,
            SamplingOptions options,
            Predicate<String> sink) {
        Sampler sampler = new Sampler(options);
        sampler.observe(prompt);
        StreamingDecoder pieces = tokenizer.streamingDecoder(true);
        for (int id : prompt) {
            pieces.push(id); // a first word keeps its space only where something precedes it
        }
        StopText stop = new StopText(options.stop());
        StringBuilder text = new StringBuilder();
        int room = decoder.maxLength() - prompt.length + 1; // the last one need not be seen
        int[] ids = new int[Math.min(options.maxNewTokens(), room)];
        int n = 0;
        Generation.Reason reason = Generation.Reason.LENGTH;
        float[] logits = ids.length == 0 ? new float[0] : decoder.prefill(sequence, prompt);
        while (n < ids.length) {
            int token = sampler.next(logits);
            ids[n++] = token;
            if (!options.ignoreEos() && isEnd(token)) {
                reason = Generation.Reason.EOS;
                break;
            }
            boolean more = show(stop.push(pieces.push(token)), text, sink);
            if (stop.stopped() || !more) {
                reason = more ? Generation.Reason.STOP : Generation.Reason.CANCELLED;
                break;
            }
            if (n < ids.length) {
                logits = decoder.decode(List.of(sequence), token)[0];
            }
        }
        if (reason == Generation.Reason.LENGTH || reason == Generation.Reason.EOS) {
            show(stop.push(pieces.finish()) + stop.finish(), text, sink);
        }
        return new Generation(text.toString(), prompt.length, Arrays.copyOf(ids, n), reason);
    }

    private static boolean show(String piece, StringBuilder text, Predicate<String> sink) {
        text.append(piece);
        return piece.isEmpty() || sink.test(piece);
    }

    private boolean isEnd(int token) {
        GenerationConfig generation = checkpoint.generation();
        return (generation != null && generation.eosIds().contains(token))
                || checkpoint.config().eosIds().contains(token);
    }

    private static void closeAll(List<AutoCloseable> resources) {
        @Nullable RuntimeException failure = null;
        for (AutoCloseable r : resources.reversed()) {
            try {
                r.close();
            } catch (Exception e) {
                if (failure == null) {
                    failure = new IllegalStateException("cannot close " + r, e);
                } else {
                    failure.addSuppressed(e);
                }
            }
        }
        if (failure != null) {
            throw failure;
        }
    }
}
