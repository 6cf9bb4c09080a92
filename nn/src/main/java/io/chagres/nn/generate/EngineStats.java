package io.chagres.nn.generate;

import java.util.List;
import java.util.Map;

/// What an engine has done since it was started, and is doing now.
///
/// @param running requests whose prompt was begun
/// @param waiting requests in the queue
/// @param kvUsedBytes bytes of the KV cache's pages that requests hold
/// @param kvTotalBytes bytes of all pages
/// @param promptTokens tokens of prompts computed
/// @param generatedTokens tokens generated
/// @param preemptions how often a request gave its pages to older ones and began again
/// @param guesses tokens that a draft head guessed and a pass checked
/// @param rightGuesses those that were right, each of which saved a pass
/// @param finished requests that ended, by reason
/// @param failed requests that ended with an error
/// @param queueTime until a prompt was begun
/// @param timeToFirstToken from submission
/// @param tokenLatency between tokens of one request
public record EngineStats(
        int running,
        int waiting,
        long kvUsedBytes,
        long kvTotalBytes,
        long promptTokens,
        long generatedTokens,
        long preemptions,
        long guesses,
        long rightGuesses,
        Map<Generation.Reason, Long> finished,
        long failed,
        Latency queueTime,
        Latency timeToFirstToken,
        Latency tokenLatency) {
    /// Durations counted by size.
    ///
    /// @param bounds upper bounds of buckets in seconds
    /// @param upTo how many did not exceed each bound; the last one counts all
    /// @param count how many there were
    /// @param seconds their sum
    public record Latency(List<Double> bounds, List<Long> upTo, long count, double seconds) {
        /// Copies the lists.
        public Latency {
            bounds = List.copyOf(bounds);
            upTo = List.copyOf(upTo);
        }
    }

    /// The part of the guesses that were right, from 0 to 1; 0 when there was none.
    public double acceptance() {
        return guesses == 0 ? 0 : (double) rightGuesses / guesses;
    }

    /// Copies the map.
    public EngineStats {
        finished = Map.copyOf(finished);
    }
}
