package io.chagres.nn.text.split;

import io.chagres.nn.text.chars.Pieces;
import java.util.List;

/// Cuts pieces into smaller ones, and may rewrite them. Stateless and safe for all threads.
@FunctionalInterface
public interface PreTokenizer {
    /// The pieces after this step.
    Pieces apply(Pieces pieces);

    /// Applies several, one after the other.
    static PreTokenizer sequence(List<PreTokenizer> parts) {
        List<PreTokenizer> all = List.copyOf(parts);
        return pieces -> {
            Pieces at = pieces;
            for (PreTokenizer part : all) {
                at = part.apply(at);
            }
            return at;
        };
    }
}
