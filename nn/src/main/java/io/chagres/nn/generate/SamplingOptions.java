package io.chagres.nn.generate;

import io.chagres.nn.hf.config.GenerationConfig;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// How to choose the next token, and when to stop. Built by [#builder].
///
/// @param temperature divides the logits; 0 means greedy
/// @param topK number of likeliest tokens to choose from; 0 for all
/// @param topP smallest set of tokens with this joint probability to choose from; 1 for all.
///   Holtzman et al. 2019, arXiv:1904.09751
/// @param minP least probability relative to the likeliest token; 0 for all. Nguyen et al. 2024,
///   arXiv:2407.01082
/// @param typicalP smallest set of tokens whose information is closest to the expected one, with
///   this joint probability; 1 for all. Meister et al. 2022, arXiv:2202.00666
/// @param repetitionPenalty divides positive and multiplies negative logits of tokens that
///   occurred; 1 for none. Keskar et al. 2019, arXiv:1909.05858
/// @param presencePenalty is subtracted from logits of tokens generated already; 0 for none
/// @param frequencyPenalty is subtracted once for each time a token was generated; 0 for none
/// @param noRepeatNgram size of runs of tokens that may not occur twice; 0 for none. Paulus et al.
///   2017, arXiv:1705.04304
/// @param logitBias added to the logits of tokens; negative infinity forbids one
/// @param badWords runs of tokens that may not be generated
/// @param minNewTokens tokens to generate before an end token may come
/// @param minLength tokens of prompt and answer together before an end token may come
/// @param maxNewTokens most tokens to generate; [#UNLIMITED] for as many as there is room for
/// @param maxLength most tokens of prompt and answer together; 0 for no such limit
/// @param seed of the random numbers; a request's numbers depend on nothing else
/// @param stop texts that end the answer; they are not part of it
/// @param ignoreEos whether to go on after an end token
/// @param topLogProbs how many alternatives to report the log-probabilities of beside each token's
///   own; negative to report none at all
/// @param processors further changes to the logits, after all others
public record SamplingOptions(
        double temperature,
        int topK,
        double topP,
        double minP,
        double typicalP,
        double repetitionPenalty,
        double presencePenalty,
        double frequencyPenalty,
        int noRepeatNgram,
        Map<Integer, Float> logitBias,
        List<List<Integer>> badWords,
        int minNewTokens,
        int minLength,
        int maxNewTokens,
        int maxLength,
        long seed,
        List<String> stop,
        boolean ignoreEos,
        int topLogProbs,
        List<LogitsProcessor> processors) {
    /// A [#maxNewTokens] that asks for as many as there is room for.
    public static final int UNLIMITED = Integer.MAX_VALUE;

    private static final int DEFAULT_TOP_K = 50; // Hugging Face's, where a file is silent

    /// Checks the numbers.
    public SamplingOptions {
        check(temperature >= 0 && Double.isFinite(temperature), "temperature", temperature);
        check(topK >= 0, "topK", topK);
        check(topP > 0 && topP <= 1, "topP", topP);
        check(minP >= 0 && minP <= 1, "minP", minP);
        check(typicalP > 0 && typicalP <= 1, "typicalP", typicalP);
        check(
                repetitionPenalty > 0 && Double.isFinite(repetitionPenalty),
                "repetitionPenalty",
                repetitionPenalty);
        check(Double.isFinite(presencePenalty), "presencePenalty", presencePenalty);
        check(Double.isFinite(frequencyPenalty), "frequencyPenalty", frequencyPenalty);
        check(noRepeatNgram >= 0, "noRepeatNgram", noRepeatNgram);
        check(minNewTokens >= 0, "minNewTokens", minNewTokens);
        check(minLength >= 0, "minLength", minLength);
        check(maxNewTokens >= 0, "maxNewTokens", maxNewTokens);
        check(maxLength >= 0, "maxLength", maxLength);
        logitBias = Map.copyOf(logitBias);
        logitBias.forEach((token, bias) -> {
            check(token >= 0, "the token of a logitBias", token);
            check(bias < Float.POSITIVE_INFINITY, "logitBias", bias); // not NaN either
        });
        badWords = badWords.stream().map(List::copyOf).toList();
        for (List<Integer> word : badWords) {
            check(!word.isEmpty(), "the size of one of badWords", 0);
        }
        stop = List.copyOf(stop);
        processors = List.copyOf(processors);
    }

    /// Options that only choose among the likeliest and penalise repetition.
    public SamplingOptions(
            double temperature,
            int topK,
            double topP,
            double minP,
            double repetitionPenalty,
            long seed,
            int maxNewTokens,
            List<String> stop,
            boolean ignoreEos) {
        this(
                temperature,
                topK,
                topP,
                minP,
                1,
                repetitionPenalty,
                0,
                0,
                0,
                Map.of(),
                List.of(),
                0,
                0,
                maxNewTokens,
                0,
                seed,
                stop,
                ignoreEos,
                -1,
                List.of());
    }

    /// The likeliest token every time.
    public static SamplingOptions greedy(int maxNewTokens) {
        return new SamplingOptions(0, 0, 1, 0, 1, 0, maxNewTokens, List.of(), false);
    }

    /// Starts from greedy options for as many tokens as there is room for.
    public static SamplingOptionsBuilder builder() {
        return greedy(UNLIMITED).toBuilder();
    }

    /// Starts from these options.
    public SamplingOptionsBuilder toBuilder() {
        return new SamplingOptionsBuilder(this);
    }

    /// What a model's `generation_config.json` asks for; greedy where it is absent or says so. As
    /// in Hugging Face's library, `max_new_tokens` goes before `max_length`.
    ///
    /// @param maxNewTokens used when the file has neither
    public static SamplingOptions of(@Nullable GenerationConfig config, int maxNewTokens) {
        if (config == null) {
            return greedy(maxNewTokens);
        }
        GenerationConfig.Constraints constraints = config.constraints();
        Integer length = config.maxNewTokens() == null ? config.maxLength() : null;
        Map<Integer, Float> bias = new HashMap<>();
        constraints.suppressTokens().forEach(t -> bias.put(t, Float.NEGATIVE_INFINITY));
        return builder()
                .temperature(config.doSample() ? or(config.temperature(), 1.0) : 0)
                .topK(or(config.topK(), config.doSample() ? DEFAULT_TOP_K : 0))
                .topP(or(config.topP(), 1.0))
                .minP(or(config.minP(), 0.0))
                .typicalP(or(constraints.typicalP(), 1.0))
                .repetitionPenalty(or(config.repetitionPenalty(), 1.0))
                .noRepeatNgram(or(constraints.noRepeatNgramSize(), 0))
                .badWords(constraints.badWords())
                .logitBias(bias)
                .minLength(or(constraints.minLength(), 0))
                .minNewTokens(or(constraints.minNewTokens(), 0))
                .maxLength(or(length, 0))
                .maxNewTokens(length != null ? UNLIMITED : or(config.maxNewTokens(), maxNewTokens))
                .build();
    }

    /// The same with another temperature.
    public SamplingOptions withTemperature(double t) {
        return toBuilder().temperature(t).build();
    }

    /// The same with another seed.
    public SamplingOptions withSeed(long s) {
        return toBuilder().seed(s).build();
    }

    /// The same with another number of tokens, and no limit of the length with the prompt.
    public SamplingOptions withMaxNewTokens(int n) {
        return toBuilder().maxNewTokens(n).maxLength(0).build();
    }

    /// The same with other stop texts.
    public SamplingOptions withStop(String... texts) {
        return toBuilder().stop(List.of(texts)).build();
    }

    private static <T> T or(@Nullable T value, T absent) {
        return value == null ? absent : value;
    }

    private static void check(boolean ok, String name, double value) {
        if (!ok) {
            throw new IllegalArgumentException(name + " cannot be " + value);
        }
    }
}
