package io.chagres.train.schedule;

/// The part of the weights that is pruned as a pure function of the step: fast at first, where many
/// weights are of no use, and slower towards the end. With first and last parts s_i and s_f, pruned
/// at steps t from t₀ to t₁:
///
/// s(t) = s_f + (s_i − s_f) · (1 − (t − t₀) / (t₁ − t₀))³
///
/// Zhu & Gupta 2017, arXiv:1710.01878, equation 1, with t₁ = t₀ + n Δt.
///
/// @param first the part that is pruned at once, s_i
/// @param last the part that is pruned in the end, s_f
/// @param start step before which it is first pruned, counted from 0, t₀
/// @param end step before which it is last pruned, t₁; the same as the start for all at once
/// @param every steps from one pruning to the next, Δt; the last one may come sooner
public record SparsityRamp(double first, double last, long start, long end, long every) {
    /// Checks the parameters.
    ///
    /// @throws IllegalArgumentException when one is out of its range; the message names it
    public SparsityRamp {
        if (!(first >= 0 && first <= last && last < 1)) {
            throw new IllegalArgumentException(
                    "sparsity must rise from 0 or above to below 1, got %s to %s"
                            .formatted(first, last));
        }
        if (start < 0 || end < start || every < 1) {
            throw new IllegalArgumentException(
                    "steps must be 0 <= start <= end and every >= 1, got start %d, end %d, every %d"
                            .formatted(start, end, every));
        }
    }

    /// Whether weights are pruned before a step, counted from 0.
    public boolean isDue(long step) {
        return step >= start && step <= end && ((step - start) % every == 0 || step == end);
    }

    /// The part that is pruned at a step, counted from 0: 0 before the start.
    public double at(long step) {
        if (step < start) {
            return 0;
        }
        if (step >= end) {
            return last;
        }
        double left = 1 - (double) (step - start) / (end - start);
        return last + (first - last) * left * left * left;
    }
}
