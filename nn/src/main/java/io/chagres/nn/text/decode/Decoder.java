package io.chagres.nn.text.decode;

import java.util.List;

/// One step from tokens to text: the text is the last step's strings, joined. Stateless and safe
/// for all threads.
@FunctionalInterface
public interface Decoder {
    /// The strings after this step.
    List<String> apply(List<String> tokens);

    /// Applies several, one after the other.
    static Decoder sequence(List<Decoder> parts) {
        List<Decoder> all = List.copyOf(parts);
        return tokens -> {
            List<String> at = tokens;
            for (Decoder part : all) {
                at = part.apply(at);
            }
            return at;
        };
    }
}
