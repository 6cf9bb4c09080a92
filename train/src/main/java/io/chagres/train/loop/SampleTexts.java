package io.chagres.train.loop;

import io.chagres.nn.generate.Decoder;
import io.chagres.nn.generate.KvCache;
import io.chagres.nn.generate.Sampler;
import io.chagres.nn.generate.SamplingOptions;
import io.chagres.nn.text.Tokenizer;
import io.chagres.nn.transformer.Prefix;
import io.chagres.nn.transformer.Transformer;
import io.chagres.tensor.memory.TensorArena;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/// Short texts by the model at hand, to see how it comes along. The same model, prompt and seed
/// give the same text.
final class SampleTexts {
    private static final int NEW_TOKENS = 64;
    private static final double TEMPERATURE = 0.8;
    private static final int TOP_K = 40;

    private final RunTokenizer tokenizer;
    private final Decoder decoder;
    private final int room;

    /// A writer of texts.
    ///
    /// @param cache one by [#cache]
    /// @param step arena for a forward pass, reset after each
    SampleTexts(Transformer model, RunTokenizer tokenizer, KvCache cache, TensorArena step) {
        this.tokenizer = tokenizer;
        this.room = room(model);
        this.decoder = new Decoder(model, step, cache);
    }

    /// A KV cache large enough for a sample.
    static KvCache cache(Transformer model, TensorArena weights) {
        return new KvCache(model.config(), weights, room(model) + before(model));
    }

    private static int room(Transformer model) {
        int most = model.config().maxPositionEmbeddings() - before(model);
        return Math.min(most, 4 * NEW_TOKENS);
    }

    private static int before(Transformer model) {
        Prefix prefix = model.prefix();
        return prefix == null ? 0 : prefix.tokens();
    }

    /// What the model writes after a prompt.
    ///
    /// @param prompt its last tokens are used where it is long; may be empty
    /// @param giveUp asked before each token
    /// @return the text without the prompt; empty when given up
    Optional<String> generate(String prompt, long seed, BooleanSupplier giveUp) {
        int[] ids = prompt(prompt);
        int[] made = new int[Math.min(NEW_TOKENS, room - ids.length)];
        int count = 0;
        var sampler =
                new Sampler(
                        new SamplingOptions(
                                TEMPERATURE, TOP_K, 1, 0, 1, seed, made.length, List.of(), false));
        try (KvCache.Sequence sequence = decoder.cache().open()) {
            float[] logits = decoder.prefill(sequence, ids);
            while (count < made.length) {
                if (giveUp.getAsBoolean()) {
                    return Optional.empty();
                }
                int token = sampler.next(logits);
                if (token == tokenizer.eosId()) {
                    break;
                }
                made[count++] = token;
                if (count < made.length) {
                    logits = decoder.decode(List.of(sequence), token)[0];
                }
            }
        }
        return Optional.of(tokenizer.tokenizer().decode(Arrays.copyOf(made, count), true));
    }

    /// The prompt behind an end of text, as documents are in training. At least one place stays
    /// free.
    private int[] prompt(String prompt) {
        Tokenizer text = tokenizer.tokenizer();
        int[] ids = prompt.isEmpty() ? new int[0] : text.encode(prompt, false);
        int most = Math.max(1, room - NEW_TOKENS);
        if (ids.length >= most) {
            return Arrays.copyOfRange(ids, ids.length - most, ids.length);
        }
        int[] begun = new int[ids.length + 1];
        begun[0] = tokenizer.eosId();
        System.arraycopy(ids, 0, begun, 1, ids.length);
        return begun;
    }
}
