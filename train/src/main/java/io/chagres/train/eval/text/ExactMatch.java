package io.chagres.train.eval.text;

import java.util.List;

/// The share of texts that are equal to one of their references, white space at both ends left out.
public final class ExactMatch {
    private ExactMatch() {}

    /// Whether a text is equal to one of its references.
    public static boolean matches(String hypothesis, List<String> references) {
        String text = hypothesis.strip();
        return references.stream().anyMatch(r -> r.strip().equals(text));
    }

    /// The share, from 0 to 100; NaN for no texts.
    ///
    /// @throws IllegalArgumentException when there are not as many lists of references as texts, or
    ///   one of them is empty
    public static double corpus(List<String> hypotheses, List<List<String>> references) {
        References.check(hypotheses, references);
        int equal = 0;
        for (int i = 0; i < hypotheses.size(); i++) {
            equal += matches(hypotheses.get(i), references.get(i)) ? 1 : 0;
        }
        return 100.0 * equal / hypotheses.size();
    }
}
