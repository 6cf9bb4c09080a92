package io.chagres.nn.generate;

import io.chagres.nn.hf.config.GenerationConfig;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// How to choose the next token, and when to stop.
///
/// @param temperature divides the logits; 0 means greedy
/// @param topK number of likeliest tokens to choose from; 0 for all
/// @param topP smallest set of tokens with this joint probability to choose from; 1 for all
/// @param minP least probability relative to the likeliest token; 0 for all
/// @param repetitionPenalty divides positive and multiplies negative logits of tokens that
///   occurred; 1 for none. Keskar et al. 2019, arXiv:1909.05858
/// @param seed of the random numbers
/// @param maxNewTokens most tokens to generate
/// @param stop texts that end the answer; they are not part of it
/// @param ignoreEos whether to go on after an end token
public record SamplingOptions(
        double temperature,
        int topK,
        double topP,
        double minP,
        double repetitionPenalty,
        long seed,
        int maxNewTokens,
        List<String> stop,
        boolean ignoreEos) {
    /// Checks the numbers.
    public SamplingOptions {
        check(temperature >= 0 && Double.isFinite(temperature), "temperature", temperature);
        check(topK >= 0, "topK", topK);
        check(topP > 0 && topP <= 1, "topP", topP);
        check(minP >= 0 && minP <= 1, "minP", minP);
        check(
                repetitionPenalty > 0 && Double.isFinite(repetitionPenalty),
                "repetitionPenalty",
                repetitionPenalty);
        check(maxNewTokens >= 0, "maxNewTokens", maxNewTokens);
        stop = List.copyOf(stop);
    }

    /// The likeliest token every time.
    public static SamplingOptions greedy(int maxNewTokens) {
        return new SamplingOptions(0, 0, 1, 0, 1, 0, maxNewTokens, List.of(), false);
    }

    /// What a model's `generation_config.json` asks for; greedy where it is absent or says so.
    public static SamplingOptions of(@Nullable GenerationConfig config, int maxNewTokens) {
        if (config == null) {
            return greedy(maxNewTokens);
        }
        return new SamplingOptions(
                config.doSample() ? or(config.temperature(), 1.0) : 0,
                or(config.topK(), config.doSample() ? 50 : 0),
                or(config.topP(), 1.0),
                or(config.minP(), 0.0),
                or(config.repetitionPenalty(), 1.0),
                0,
                or(config.maxNewTokens(), maxNewTokens),
                List.of(),
                false);
    }

    /// The same with another temperature.
    public SamplingOptions withTemperature(double t) {
        return new SamplingOptions(
                t, topK, topP, minP, repetitionPenalty, seed, maxNewTokens, stop, ignoreEos);
    }

    /// The same with another seed.
    public SamplingOptions withSeed(long s) {
        return new SamplingOptions(
                temperature, topK, topP, minP, repetitionPenalty, s, maxNewTokens, stop, ignoreEos);
    }

    /// The same with other stop texts.
    public SamplingOptions withStop(String... texts) {
        return new SamplingOptions(
                temperature,
                topK,
                topP,
                minP,
                repetitionPenalty,
                seed,
                maxNewTokens,
                List.of(texts),
                ignoreEos);
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
