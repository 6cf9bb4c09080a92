package io.chagres.nn.generate;

import java.util.List;
import java.util.Map;

/// Builds [SamplingOptions]; what each value means is said there.
public final class SamplingOptionsBuilder {
    private double temperature;
    private int topK;
    private double topP;
    private double minP;
    private double typicalP;
    private double repetitionPenalty;
    private double presencePenalty;
    private double frequencyPenalty;
    private int noRepeatNgram;
    private Map<Integer, Float> logitBias;
    private List<List<Integer>> badWords;
    private int minNewTokens;
    private int minLength;
    private int maxNewTokens;
    private int maxLength;
    private long seed;
    private List<String> stop;
    private boolean ignoreEos;
    private int topLogProbs;
    private List<LogitsProcessor> processors;

    SamplingOptionsBuilder(SamplingOptions o) {
        temperature = o.temperature();
        topK = o.topK();
        topP = o.topP();
        minP = o.minP();
        typicalP = o.typicalP();
        repetitionPenalty = o.repetitionPenalty();
        presencePenalty = o.presencePenalty();
        frequencyPenalty = o.frequencyPenalty();
        noRepeatNgram = o.noRepeatNgram();
        logitBias = o.logitBias();
        badWords = o.badWords();
        minNewTokens = o.minNewTokens();
        minLength = o.minLength();
        maxNewTokens = o.maxNewTokens();
        maxLength = o.maxLength();
        seed = o.seed();
        stop = o.stop();
        ignoreEos = o.ignoreEos();
        topLogProbs = o.topLogProbs();
        processors = o.processors();
    }

    /// Sets [SamplingOptions#temperature].
    public SamplingOptionsBuilder temperature(double value) {
        temperature = value;
        return this;
    }

    /// Sets [SamplingOptions#topK].
    public SamplingOptionsBuilder topK(int value) {
        topK = value;
        return this;
    }

    /// Sets [SamplingOptions#topP].
    public SamplingOptionsBuilder topP(double value) {
        topP = value;
        return this;
    }

    /// Sets [SamplingOptions#minP].
    public SamplingOptionsBuilder minP(double value) {
        minP = value;
        return this;
    }

    /// Sets [SamplingOptions#typicalP].
    public SamplingOptionsBuilder typicalP(double value) {
        typicalP = value;
        return this;
    }

    /// Sets [SamplingOptions#repetitionPenalty].
    public SamplingOptionsBuilder repetitionPenalty(double value) {
        repetitionPenalty = value;
        return this;
    }

    /// Sets [SamplingOptions#presencePenalty].
    public SamplingOptionsBuilder presencePenalty(double value) {
        presencePenalty = value;
        return this;
    }

    /// Sets [SamplingOptions#frequencyPenalty].
    public SamplingOptionsBuilder frequencyPenalty(double value) {
        frequencyPenalty = value;
        return this;
    }

    /// Sets [SamplingOptions#noRepeatNgram].
    public SamplingOptionsBuilder noRepeatNgram(int value) {
        noRepeatNgram = value;
        return this;
    }

    /// Sets [SamplingOptions#logitBias].
    public SamplingOptionsBuilder logitBias(Map<Integer, Float> value) {
        logitBias = value;
        return this;
    }

    /// Sets [SamplingOptions#badWords].
    public SamplingOptionsBuilder badWords(List<List<Integer>> value) {
        badWords = value;
        return this;
    }

    /// Sets [SamplingOptions#minNewTokens].
    public SamplingOptionsBuilder minNewTokens(int value) {
        minNewTokens = value;
        return this;
    }

    /// Sets [SamplingOptions#minLength].
    public SamplingOptionsBuilder minLength(int value) {
        minLength = value;
        return this;
    }

    /// Sets [SamplingOptions#maxNewTokens].
    public SamplingOptionsBuilder maxNewTokens(int value) {
        maxNewTokens = value;
        return this;
    }

    /// Sets [SamplingOptions#maxLength].
    public SamplingOptionsBuilder maxLength(int value) {
        maxLength = value;
        return this;
    }

    /// Sets [SamplingOptions#seed].
    public SamplingOptionsBuilder seed(long value) {
        seed = value;
        return this;
    }

    /// Sets [SamplingOptions#stop].
    public SamplingOptionsBuilder stop(List<String> value) {
        stop = value;
        return this;
    }

    /// Sets [SamplingOptions#ignoreEos].
    public SamplingOptionsBuilder ignoreEos(boolean value) {
        ignoreEos = value;
        return this;
    }

    /// Sets [SamplingOptions#topLogProbs].
    public SamplingOptionsBuilder topLogProbs(int value) {
        topLogProbs = value;
        return this;
    }

    /// Sets [SamplingOptions#processors].
    public SamplingOptionsBuilder processors(List<LogitsProcessor> value) {
        processors = value;
        return this;
    }

    /// The options.
    ///
    /// @throws IllegalArgumentException naming the value that is out of range
    public SamplingOptions build() {
        return new SamplingOptions(
                temperature,
                topK,
                topP,
                minP,
                typicalP,
                repetitionPenalty,
                presencePenalty,
                frequencyPenalty,
                noRepeatNgram,
                logitBias,
                badWords,
                minNewTokens,
                minLength,
                maxNewTokens,
                maxLength,
                seed,
                stop,
                ignoreEos,
                topLogProbs,
                processors);
    }
}
