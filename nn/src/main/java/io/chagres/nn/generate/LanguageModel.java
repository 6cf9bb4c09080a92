package io.chagres.nn.generate;

import io.chagres.nn.UnsupportedModel;
import io.chagres.nn.adapter.Adapter;
import io.chagres.nn.hf.HfCheckpoint;
import io.chagres.nn.hf.config.GenerationConfig;
import io.chagres.nn.text.Tokenizer;
import io.chagres.nn.transformer.Prefix;
import io.chagres.nn.transformer.Transformer;
import io.chagres.nn.transformer.TransformerConfig;
import io.chagres.tensor.DType;
import io.chagres.tensor.backend.Backend;
import io.chagres.tensor.backend.Backends;
import io.chagres.tensor.io.SafeTensors;
import io.chagres.tensor.memory.ArenaOptions;
import io.chagres.tensor.memory.BudgetExceeded;
import io.chagres.tensor.memory.TensorArena;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicLong;
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
/// May be used from any thread, virtual ones too. A thread of its own computes; requests of several
/// callers are answered together, and each gets the tokens it would get alone. Weights stay in the
/// mapped file, in the dtype they are stored in; it must not be changed in place while the model is
/// open.
public final class LanguageModel implements AutoCloseable {
    /// How to load.
    ///
    /// @param device `auto`, `cpu`, …
    /// @param threads host threads to compute with; 0 for one per processor
    /// @param maxTokens room in the KV cache; 0 for the longest sequence the model can see, at most
    ///   4,096
    /// @param limitBytes bytes that activations and the KV cache may take
    /// @param maxRunning most requests under way at once
    /// @param maxWaiting most requests in the queue before [#submit] refuses more
    /// @param compute dtype to compute in, see [Decoder], and of the KV cache: F32, which gives the
    ///   logits of the weights widened to F32, or BF16, which reads prompts faster and rounds
    /// @param drafts whether the model's first module of multi-token prediction guesses tokens,
    ///   which the model then checks two at a time; answers are the same, and sooner where it is
    ///   often right
    /// @param adapter folder of an adapter to attach, as PEFT writes it; null for none
    public record Options(
            String device,
            int threads,
            int maxTokens,
            long limitBytes,
            int maxRunning,
            int maxWaiting,
            DType compute,
            boolean drafts,
            @Nullable Path adapter) {
        /// All processors, no limit.
        public static final Options DEFAULT = new Options("auto", 0, 0, Long.MAX_VALUE);

        private static final int RUNNING = 64;

        /// Checks the numbers.
        public Options {
            if (threads < 0
                    || maxTokens < 0
                    || limitBytes < 0
                    || maxRunning < 1
                    || maxWaiting < 1) {
                throw new IllegalArgumentException(
                        "threads %d, maxTokens %d, limitBytes %d, maxRunning %d, maxWaiting %d"
                                .formatted(threads, maxTokens, limitBytes, maxRunning, maxWaiting));
            }
            if (compute != DType.F32 && compute != DType.BF16) {
                throw new IllegalArgumentException("compute " + compute + ": F32 or BF16 wanted");
            }
        }

        /// At most 64 requests under way, a queue without a limit; in F32.
        public Options(String device, int threads, int maxTokens, long limitBytes) {
            this(device, threads, maxTokens, limitBytes, RUNNING, Integer.MAX_VALUE, DType.F32);
        }

        /// Without guesses and without an adapter.
        public Options(
                String device,
                int threads,
                int maxTokens,
                long limitBytes,
                int maxRunning,
                int maxWaiting,
                DType compute) {
            this(
                    device,
                    threads,
                    maxTokens,
                    limitBytes,
                    maxRunning,
                    maxWaiting,
                    compute,
                    false,
                    null);
        }

        /// The same in another dtype.
        public Options withCompute(DType dtype) {
            return with(dtype, drafts, adapter);
        }

        /// The same with guesses or without.
        public Options withDrafts(boolean guess) {
            return with(compute, guess, adapter);
        }

        /// The same with an adapter.
        public Options withAdapter(@Nullable Path folder) {
            return with(compute, drafts, folder);
        }

        private Options with(DType dtype, boolean guess, @Nullable Path folder) {
            return new Options(
                    device,
                    threads,
                    maxTokens,
                    limitBytes,
                    maxRunning,
                    maxWaiting,
                    dtype,
                    guess,
                    folder);
        }
    }

    private static final int DEFAULT_TOKENS = 4096;
    private static final int PREFILL_CHUNK = 256;

    /// Rows up to which a row of a product does not depend on the others.
    private static final int DECODE_ROWS = 16;

    private final HfCheckpoint checkpoint;
    private final Tokenizer tokenizer;
    private final Decoder decoder;
    private final List<AutoCloseable> resources;
    private final Set<Integer> endIds;
    private final Scheduler scheduler;
    private final Candidates candidates = new Candidates(); // the engine's thread draws
    private final AtomicLong requests = new AtomicLong();
    private boolean closed;

    private LanguageModel(
            HfCheckpoint checkpoint,
            Tokenizer tokenizer,
            Decoder decoder,
            Options options,
            List<AutoCloseable> resources) {
        this.checkpoint = checkpoint;
        this.tokenizer = tokenizer;
        this.decoder = decoder;
        this.resources = resources;
        Set<Integer> ends = new HashSet<>(checkpoint.config().eosIds());
        GenerationConfig generation = checkpoint.generation();
        if (generation != null) {
            ends.addAll(generation.eosIds());
        }
        this.endIds = Set.copyOf(ends);
        this.scheduler =
                new Scheduler(
                        decoder,
                        endIds,
                        new Scheduler.Limits(
                                DECODE_ROWS,
                                options.maxRunning(),
                                options.maxWaiting(),
                                PREFILL_CHUNK));
    }

    /// Loads a Hugging Face folder on the best device there is.
    public static LanguageModel load(Path folder) throws IOException {
        return load(folder, Options.DEFAULT);
    }

    /// Loads a Hugging Face folder.
    ///
    /// @throws io.chagres.nn.UnsupportedModel when the architecture is not one we know, or drafts
    ///   are wanted and the folder has no weights for them
    /// @throws io.chagres.tensor.memory.BudgetExceeded when the limit is too low
    /// @throws IOException when a file is missing or damaged
    @SuppressWarnings("MustBeClosedChecker") // the model closes them
    public static LanguageModel load(Path folder, Options options) throws IOException {
        List<AutoCloseable> resources = new ArrayList<>();
        try {
            SafeTensors file = HfCheckpoint.open(folder);
            resources.add(file);
            FutureTask<Tokenizer> reading = new FutureTask<>(() -> Tokenizer.load(folder));
            Thread.ofPlatform().daemon().name("chagres-tokenizer").start(reading);
            Backend backend = Backends.open(options.device(), options.threads());
            resources.add(backend);
            TensorArena weights = backend.arena("weights");
            resources.add(weights);
            HfCheckpoint checkpoint = HfCheckpoint.map(folder, file, weights, options.compute());
            Path adapter = options.adapter();
            Transformer model =
                    adapter == null
                            ? checkpoint.model()
                            : Adapter.load(adapter, checkpoint.model(), weights)
                                    .attach(checkpoint.model());
            weights.seal();
            TransformerConfig config = model.config();
            Prefix prefix = model.prefix();
            if (options.drafts() && config.nextTokens() == 0) {
                throw new UnsupportedModel(
                        folder + ": there is no module of multi-token prediction to guess tokens");
            }
            int tokens =
                    options.maxTokens() > 0
                            ? options.maxTokens()
                            : Math.min(DEFAULT_TOKENS, config.maxPositionEmbeddings());
            tokens += prefix == null ? 0 : prefix.tokens();
            List<KvCache.Layer> layers = KvCache.layers(config, options.drafts());
            DType compute = options.compute();
            long cacheBytes = KvCache.bytes(layers, tokens, compute) + TensorArena.ALIGNMENT;
            TensorArena cache =
                    backend.arena(
                            "kv cache",
                            ArenaOptions.of(0)
                                    .withLimit(Math.min(cacheBytes, options.limitBytes())));
            resources.add(cache);
            KvCache pages = new KvCache(layers, cache, tokens, compute);
            long left = Math.max(0, options.limitBytes() - cache.used());
            TensorArena step = backend.arena("step", ArenaOptions.of(0).withLimit(left));
            resources.add(step);
            Decoder decoder = new Decoder(model, step, pages, compute);
            Tokenizer tokenizer = await(reading);
            return new LanguageModel(checkpoint, tokenizer, decoder, options, resources);
        } catch (Throwable e) {
            closeAll(resources);
            throw e;
        }
    }

    /// The tokenizer, which is read while the weights are mapped.
    private static Tokenizer await(FutureTask<Tokenizer> reading) throws IOException {
        try {
            return reading.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while a tokenizer was read");
        } catch (ExecutionException e) {
            switch (e.getCause()) {
                case IOException cause -> throw cause;
                case RuntimeException cause -> throw cause;
                case Error cause -> throw cause;
                case null, default -> throw new IllegalStateException(e);
            }
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

    /// What the engine has done and is doing.
    public EngineStats stats() {
        return scheduler.stats();
    }

    /// Most bytes that weights which are not mapped, the KV cache and activations have taken so
    /// far. Exact between requests.
    public long peakBytes() {
        synchronized (resources) {
            return resources.stream()
                    .mapToLong(r -> r instanceof TensorArena arena ? arena.peak() : 0)
                    .sum();
        }
    }

    /// Most tokens of a prompt and its answer: what the model can see and the KV cache can hold.
    public int maxLength() {
        return Math.min(decoder.maxLength(), room());
    }

    /// Tokens that the KV cache can hold of one sequence.
    private int room() {
        return decoder.cache().capacity() - decoder.prefixTokens();
    }

    /// Tokens that end an answer.
    public Set<Integer> endIds() {
        return endIds;
    }

    /// Continues a text.
    public Generation generate(String prompt, SamplingOptions options) {
        return submit(prompt, options).result();
    }

    /// Continues several texts at once.
    ///
    /// @return answers in the order of the prompts
    public List<Generation> generate(List<String> prompts, SamplingOptions options) {
        List<GenerationStream> streams = new ArrayList<>();
        try {
            for (String prompt : prompts) {
                streams.add(submit(prompt, options));
            }
            return streams.stream().map(GenerationStream::result).toList();
        } finally {
            streams.forEach(GenerationStream::close);
        }
    }

    /// Continues a text, handing on each piece as soon as it is written. Pieces end at characters.
    ///
    /// @param sink returns whether it wants more
    public Generation generate(String prompt, SamplingOptions options, Predicate<String> sink) {
        return generate(promptIds(prompt), options, sink);
    }

    /// Continues tokens, handing on each piece of text as soon as it is written.
    ///
    /// @param sink returns whether it wants more
    /// @throws IllegalArgumentException see [#submit(int\[\], SamplingOptions)]
    /// @throws io.chagres.tensor.memory.BudgetExceeded when there is too little memory
    public Generation generate(int[] prompt, SamplingOptions options, Predicate<String> sink) {
        try (GenerationStream stream = submit(prompt, options)) {
            for (Piece piece = stream.next(); piece != null; piece = stream.next()) {
                if (!piece.text().isEmpty() && !sink.test(piece.text())) {
                    stream.cancel();
                    return stream.taken(stream.result());
                }
            }
            return stream.result();
        }
    }

    /// Starts to continue a text.
    public GenerationStream submit(String prompt, SamplingOptions options) {
        return submit(promptIds(prompt), options);
    }

    /// Starts to continue tokens.
    ///
    /// @throws IllegalArgumentException when there is no token, one is not in the vocabulary, or
    ///   the prompt is longer than the model can see or the options allow
    /// @throws io.chagres.tensor.memory.BudgetExceeded when the KV cache could never hold so many
    ///   tokens
    /// @throws java.util.concurrent.RejectedExecutionException when the queue is full
    /// @throws IllegalStateException when the model is closed
    public GenerationStream submit(int[] prompt, SamplingOptions options) {
        int most = mostTokens(prompt, options);
        GenerationStream stream = new GenerationStream(scheduler::wake);
        Request request =
                new Request(
                        requests.incrementAndGet(),
                        prompt,
                        options,
                        most,
                        stream,
                        new Sampler(options, endIds, candidates),
                        tokenizer.streamingDecoder(true));
        if (most == 0) {
            stream.finish(request.end(Generation.Reason.LENGTH));
        } else {
            scheduler.submit(request);
        }
        return stream;
    }

    /// Ends the answers under way with an error and gives everything back.
    @Override
    public void close() {
        scheduler.close();
        synchronized (resources) {
            if (!closed) {
                closed = true;
                closeAll(resources);
            }
        }
    }

    /// The ids of a prompt as [#submit(String, SamplingOptions)] takes them: with the special
    /// tokens the tokenizer adds.
    public int[] promptIds(String prompt) {
        int[] ids = tokenizer.encode(prompt, true);
        Integer bos = checkpoint.config().bosId();
        return ids.length == 0 && bos != null ? new int[] {bos} : ids;
    }

    /// Checks a request, and says how many tokens it can have at most.
    private int mostTokens(int[] prompt, SamplingOptions options) {
        int n = prompt.length;
        int sees = decoder.maxLength();
        int limit = options.maxLength();
        if (n == 0) {
            throw new IllegalArgumentException(
                    "the prompt has no token, and the tokenizer adds none at the beginning");
        }
        if (n > sees) {
            throw new IllegalArgumentException(
                    "the prompt has %d tokens, the model can see %d".formatted(n, sees));
        }
        if (limit > 0 && n >= limit) {
            throw new IllegalArgumentException(
                    "the prompt has %d tokens, and with the answer there may be %d: maxLength"
                            .formatted(n, limit));
        }
        for (int id : prompt) {
            if (id < 0 || id >= decoder.vocabSize()) {
                throw new IllegalArgumentException(
                        "token %d of the prompt is not in the vocabulary of %d"
                                .formatted(id, decoder.vocabSize()));
            }
        }
        int wanted = Math.min(options.maxNewTokens(), sees - n + 1); // the last one is not seen
        wanted = limit == 0 ? wanted : Math.min(wanted, limit - n);
        int fits = room() - n + 1;
        if (options.maxNewTokens() == SamplingOptions.UNLIMITED && fits > 0) {
            return Math.min(wanted, fits);
        }
        if (wanted > fits) {
            throw new BudgetExceeded(
                    "the KV cache is full: it can hold %d tokens, a prompt of %d and %d more do not fit"
                            .formatted(room(), n, wanted));
        }
        return wanted;
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
