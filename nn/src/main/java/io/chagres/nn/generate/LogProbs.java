package io.chagres.nn.generate;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Log-probabilities of one row of logits; memory for them, used again and again.
final class LogProbs {
    private float[] raw = {};
    private int[] best = {};
    private double logSum;

    /// Takes a row before anything changes it.
    ///
    /// @param alternatives how many of the likeliest tokens to find
    void take(float[] logits, int alternatives) {
        if (raw.length < logits.length) {
            raw = new float[logits.length];
        }
        System.arraycopy(logits, 0, raw, 0, logits.length);
        int n = Math.min(alternatives, logits.length);
        best = new int[n];
        Arrays.fill(best, -1);
        float max = logits[Sampler.argMax(logits)];
        double sum = 0;
        for (int i = 0; i < logits.length; i++) {
            sum += FastExp.of(logits[i] - max);
            if (n > 0 && (best[n - 1] < 0 || logits[i] > raw[best[n - 1]])) {
                insert(i);
            }
        }
        logSum = max + StrictMath.log(sum);
    }

    private void insert(int token) {
        int at = best.length - 1;
        while (at > 0 && (best[at - 1] < 0 || raw[token] > raw[best[at - 1]])) {
            best[at] = best[at - 1];
            at--;
        }
        best[at] = token;
    }

    /// The token that was chosen, with what was taken.
    ScoredToken score(int token) {
        List<ScoredToken.Alternative> alternatives = new ArrayList<>(best.length);
        for (int id : best) {
            alternatives.add(new ScoredToken.Alternative(id, logProb(id)));
        }
        return new ScoredToken(token, logProb(token), alternatives);
    }

    private float logProb(int token) {
        return (float) (raw[token] - logSum);
    }
}
