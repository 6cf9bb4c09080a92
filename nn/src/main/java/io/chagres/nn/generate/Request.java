package io.chagres.nn.generate;

import io.chagres.nn.text.StreamingDecoder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// One answer in the making: what the engine knows of it.
final class Request {
    final long id;
    final int[] prompt;
    final SamplingOptions options;
    final int most;
    final GenerationStream stream;
    final Sampler sampler;
    private final StreamingDecoder pieces;
    private final StopText stop;
    private final StringBuilder text = new StringBuilder();
    private final List<ScoredToken> tokens = new ArrayList<>();

    /// The pages it holds; null while it waits.
    KvCache.@Nullable Sequence sequence;

    /// What guesses its tokens; null for nothing.
    @Nullable Draft draft;

    /// Tokens of the prompt that are in the cache.
    int promptDone;

    /// Generated tokens that are in the cache. Fewer than were generated, but for the newest, when
    /// the request gave its pages away and catches up.
    int fed;

    final long submitted = System.nanoTime();
    long begun;
    long firstToken;
    long lastToken;
    long kvBytes;

    /// @param most tokens to generate at most
    Request(
            long id,
            int[] prompt,
            SamplingOptions options,
            int most,
            GenerationStream stream,
            Sampler sampler,
            StreamingDecoder pieces) {
        this.id = id;
        this.prompt = prompt.clone();
        this.options = options;
        this.most = most;
        this.stream = stream;
        this.sampler = sampler;
        this.pieces = pieces;
        this.stop = new StopText(options.stop());
        sampler.observe(prompt);
        for (int token : prompt) {
            pieces.push(token); // a first word keeps its space only where something precedes it
        }
    }

    int generated() {
        return tokens.size();
    }

    /// The next generated token to put into the cache.
    int nextToken() {
        return tokens.get(fed).id();
    }

    /// The generated token that was put into the cache last.
    int lastFed() {
        return tokens.get(fed - 1).id();
    }

    /// Whether a guess at the token after the next one could be of use: there is room for both, and
    /// the next one is new.
    boolean wantsGuess() {
        return fed + 1 == tokens.size() && most - tokens.size() >= 2;
    }

    /// The guess that the next pass is to check, or [Draft#NONE].
    int guess() {
        Draft d = draft;
        return d == null || !wantsGuess() ? Draft.NONE : d.token();
    }

    /// Takes a token that was chosen.
    ///
    /// @param end whether it ends the text
    /// @return why the answer is over; null if it is not
    Generation.@Nullable Reason take(ScoredToken token, boolean end) {
        tokens.add(token);
        if (end && !options.ignoreEos()) {
            show("", token);
            return Generation.Reason.EOS;
        }
        show(stop.push(pieces.push(token.id())), token);
        if (stop.stopped()) {
            return Generation.Reason.STOP;
        }
        return tokens.size() == most ? Generation.Reason.LENGTH : null;
    }

    /// The answer, once it is over for this reason.
    Generation end(Generation.Reason reason) {
        if (reason == Generation.Reason.EOS || reason == Generation.Reason.LENGTH) {
            String rest = stop.push(pieces.finish()) + stop.finish();
            if (!rest.isEmpty()) {
                show(rest, null);
            }
        }
        return new Generation(text.toString(), prompt.length, tokens, reason, timing());
    }

    Generation.Timing timing() {
        long now = System.nanoTime();
        long start = begun == 0 ? now : begun;
        long first = firstToken == 0 ? now : firstToken;
        return new Generation.Timing(
                Duration.ofNanos(start - submitted),
                Duration.ofNanos(first - submitted),
                Duration.ofNanos(now - submitted));
    }

    private void show(String shown, @Nullable ScoredToken token) {
        text.append(shown);
        stream.push(new Piece(shown, token));
    }
}
