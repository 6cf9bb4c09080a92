package io.chagres.nn.text.normalize;

import io.chagres.nn.text.chars.CharText;
import java.util.List;

/// Rewrites text before it is split. Stateless and safe for all threads.
@FunctionalInterface
public interface Normalizer {
    /// The rewritten text; the same object when there is nothing to change.
    CharText apply(CharText text);

    /// Applies several, one after the other.
    static Normalizer sequence(List<Normalizer> parts) {
        List<Normalizer> all = List.copyOf(parts);
        return text -> {
            CharText at = text;
            for (Normalizer part : all) {
                at = part.apply(at);
            }
            return at;
        };
    }
}
