package io.chagres.train.metrics;

import java.util.List;

/// Adds up losses over many sequences, in all and per domain.
///
/// Means are weighted by tokens, so a sequence with few valid targets counts for little. Not safe
/// for use by several threads.
public final class LossMeter {
    private final List<String> domains;
    private final double[] losses;
    private final long[] tokens;
    private final double[] bytes;

    /// A meter that has seen nothing.
    ///
    /// @param domains names of the domains, in the order of their indices
    public LossMeter(List<String> domains) {
        this.domains = List.copyOf(domains);
        this.losses = new double[domains.size()];
        this.tokens = new long[domains.size()];
        this.bytes = new double[domains.size()];
    }

    /// One total.
    ///
    /// @param totalLoss summed negative log-likelihood in nats
    /// @param tokens number of valid targets
    /// @param bytes UTF-8 bytes these targets stand for
    public record Total(double totalLoss, long tokens, double bytes) {
        /// Mean loss per token in nats, NaN when there were no tokens.
        public double loss() {
            return tokens > 0 ? totalLoss / tokens : Double.NaN;
        }

        /// Perplexity: `exp(loss)`.
        public double perplexity() {
            return Losses.perplexity(loss());
        }

        /// Bits per byte.
        public double bitsPerByte() {
            return Losses.bitsPerByte(totalLoss, bytes);
        }
    }

    /// Adds the loss of a sequence.
    ///
    /// @param domain index of its domain
    /// @param totalLoss summed (not mean) negative log-likelihood of its valid targets, in nats
    /// @param tokens number of its valid targets
    /// @param bytes UTF-8 bytes these targets stand for
    public void add(int domain, double totalLoss, long tokens, double bytes) {
        if (domain < 0 || domain >= domains.size()) {
            throw new IllegalArgumentException(
                    "domain index " + domain + " is not one of " + domains);
        }
        this.losses[domain] += totalLoss;
        this.tokens[domain] += tokens;
        this.bytes[domain] += bytes;
    }

    /// Names of the domains, in the order of their indices.
    public List<String> domains() {
        return domains;
    }

    /// The total of one domain.
    public Total domain(int domain) {
        return new Total(losses[domain], tokens[domain], bytes[domain]);
    }

    /// The total of all domains.
    public Total all() {
        double loss = 0;
        long count = 0;
        double size = 0;
        for (int i = 0; i < losses.length; i++) {
            loss += losses[i];
            count += tokens[i];
            size += bytes[i];
        }
        return new Total(loss, count, size);
    }
}
