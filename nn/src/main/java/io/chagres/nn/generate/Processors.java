package io.chagres.nn.generate;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;

/// The logits processors that options ask for, in Hugging Face's order.
final class Processors {
    private static final float NEVER = Float.NEGATIVE_INFINITY;

    private Processors() {}

    /// Those of some options.
    ///
    /// @param endIds tokens that end a text
    static List<LogitsProcessor> of(SamplingOptions o, Collection<Integer> endIds) {
        List<LogitsProcessor> all = new ArrayList<>();
        if (!o.logitBias().isEmpty()) {
            all.add(bias(o.logitBias()));
        }
        if (o.repetitionPenalty() != 1) {
            all.add(repetition(o.repetitionPenalty()));
        }
        if (o.presencePenalty() != 0 || o.frequencyPenalty() != 0) {
            all.add(penalties(o.presencePenalty(), o.frequencyPenalty()));
        }
        if (o.noRepeatNgram() > 0) {
            all.add(noRepeat(o.noRepeatNgram()));
        }
        for (List<Integer> word : o.badWords()) {
            if (word.size() > 1 || !endIds.contains(word.getFirst())) {
                all.add(never(word));
            }
        }
        if (!endIds.isEmpty() && (o.minNewTokens() > 0 || o.minLength() > 0)) {
            all.add(noEarlyEnd(o.minNewTokens(), o.minLength(), List.copyOf(endIds)));
        }
        all.addAll(o.processors());
        return all;
    }

    private static LogitsProcessor bias(Map<Integer, Float> bias) {
        int[] tokens = bias.keySet().stream().mapToInt(i -> i).toArray();
        float[] values = new float[tokens.length];
        for (int i = 0; i < tokens.length; i++) {
            values[i] = bias.getOrDefault(tokens[i], 0f);
        }
        return (history, logits) -> {
            for (int i = 0; i < tokens.length; i++) {
                if (tokens[i] < logits.length) {
                    logits[tokens[i]] += values[i];
                }
            }
        };
    }

    private static LogitsProcessor repetition(double penalty) {
        return (history, logits) -> {
            var seen = history.seen();
            int t = seen.nextSetBit(0);
            while (t >= 0 && t < logits.length) {
                double x = logits[t];
                logits[t] = (float) (x > 0 ? x / penalty : x * penalty);
                t = seen.nextSetBit(t + 1);
            }
        };
    }

    private static LogitsProcessor penalties(double presence, double frequency) {
        return (history, logits) ->
                history.generated()
                        .forEachKeyValue((token, count) -> {
                            if (token < logits.length) {
                                logits[token] -= (float) (presence + frequency * count);
                            }
                        });
    }

    private static LogitsProcessor noRepeat(int n) {
        return (history, logits) -> {
            for (int at = 0; at + n <= history.length(); at++) {
                if (history.repeatsAt(at, n - 1)) {
                    forbid(logits, history.token(at + n - 1));
                }
            }
        };
    }

    private static LogitsProcessor never(List<Integer> word) {
        int[] run = word.stream().mapToInt(i -> i).toArray();
        return (history, logits) -> {
            if (history.endsWith(run, run.length - 1)) {
                forbid(logits, run[run.length - 1]);
            }
        };
    }

    private static LogitsProcessor noEarlyEnd(int newTokens, int length, List<Integer> endIds) {
        return (history, logits) -> {
            if (history.length() - history.promptLength() < newTokens
                    || history.length() < length) {
                endIds.forEach(id -> forbid(logits, id));
            }
        };
    }

    private static void forbid(float[] logits, int token) {
        if (token >= 0 && token < logits.length) {
            logits[token] = NEVER;
        }
    }
}
