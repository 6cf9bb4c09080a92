package io.chagres.train.eval.text;

import java.util.List;

/// Checks of what texts are compared with.
final class References {
    private References() {}

    /// @throws IllegalArgumentException unless each text has a reference
    static void check(List<String> hypotheses, List<List<String>> references) {
        if (hypotheses.size() != references.size()) {
            throw new IllegalArgumentException(
                    "%d texts, but references of %d"
                            .formatted(hypotheses.size(), references.size()));
        }
        for (int i = 0; i < references.size(); i++) {
            if (references.get(i).isEmpty()) {
                throw new IllegalArgumentException("text " + i + " has no reference");
            }
        }
    }
}
