package io.chagres.train.data;

import java.util.List;
import java.util.function.ToLongFunction;
import java.util.function.UnaryOperator;

/// Items to learn from, some of them held out, and what is to be told of them.
///
/// @param parts those that are trained on, by source
/// @param heldOut the others
/// @param domains names of the sources' domains
/// @param key a digest of all there is
/// @param filler the token that fills rows up
/// @param cut items that were longer than allowed and have lost their end
/// @param dropped items that were left out, because nothing in them is to be predicted
record Split<T>(
        List<Shuffled.Part<T>> parts,
        List<T> heldOut,
        List<String> domains,
        String key,
        int filler,
        long cut,
        long dropped) {
    /// Copies the lists.
    Split {
        parts = List.copyOf(parts);
        heldOut = List.copyOf(heldOut);
    }

    /// Sum over all items that are trained on.
    long trained(ToLongFunction<T> of) {
        return parts.stream().flatMap(p -> p.items().stream()).mapToLong(of).sum();
    }

    /// Sum over all items held out.
    long held(ToLongFunction<T> of) {
        return heldOut.stream().mapToLong(of).sum();
    }

    /// The same of other items.
    Split<T> map(UnaryOperator<T> with) {
        List<Shuffled.Part<T>> others =
                parts.stream()
                        .map(p ->
                                new Shuffled.Part<>(
                                        p.weight(), p.items().stream().map(with).toList()))
                        .toList();
        List<T> held = heldOut.stream().map(with).toList();
        return new Split<>(others, held, domains, key, filler, cut, dropped);
    }
}
