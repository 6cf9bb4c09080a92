package io.chagres.train.metrics;

/// Conversions between the usual ways to state a language model's loss.
public final class Losses {
    private Losses() {}

    /// Perplexity: `exp(loss)`.
    ///
    /// @param meanLoss mean negative log-likelihood per token, in nats
    public static double perplexity(double meanLoss) {
        return Math.exp(meanLoss);
    }

    /// Bits per byte: `totalLoss / (ln 2 · bytes)`. Unlike perplexity it can be compared between
    /// models with different tokenizers.
    ///
    /// @param totalLoss summed negative log-likelihood of all tokens, in nats
    /// @param bytes UTF-8 bytes of the text these tokens stand for
    /// @return the bits per byte, NaN when there are no bytes
    public static double bitsPerByte(double totalLoss, double bytes) {
        return bytes > 0 ? totalLoss / (Math.log(2) * bytes) : Double.NaN;
    }
}
