package io.chagres.nn.text.split;

import io.chagres.nn.text.chars.Spans;
import io.chagres.tensor.io.JsonNode;
import java.util.Locale;

/// What becomes of the delimiters when text is split at them. With `-` in `a-b--c`:
enum SplitBehavior {
    /// `a`, `b`, `c`.
    REMOVED,
    /// `a`, `-`, `b`, `-`, `-`, `c`.
    ISOLATED,
    /// `a-`, `b-`, `-`, `c`.
    MERGED_WITH_PREVIOUS,
    /// `a`, `-b`, `-`, `-c`.
    MERGED_WITH_NEXT,
    /// `a`, `-`, `b`, `--`, `c`.
    CONTIGUOUS;

    static SplitBehavior read(JsonNode json, String field) {
        String name = json.string(field);
        for (SplitBehavior behavior : values()) {
            if (behavior.name().replace("_", "").equals(name.toUpperCase(Locale.ROOT))) {
                return behavior;
            }
        }
        throw json.get(field)
                .error(
                        "unknown behavior '"
                                + name
                                + "'; known are Removed, Isolated, MergedWithPrevious, MergedWithNext,"
                                + " Contiguous");
    }

    /// Adds the pieces to `out`.
    void emit(Matches matches, Spans out) {
        int n = matches.size();
        switch (this) {
            case REMOVED -> {
                for (int i = 0; i < n; i++) {
                    if (!matches.isMatch(i)) {
                        out.add(matches.start(i), matches.end(i));
                    }
                }
            }
            case ISOLATED -> {
                for (int i = 0; i < n; i++) {
                    out.add(matches.start(i), matches.end(i));
                }
            }
            case MERGED_WITH_PREVIOUS ->
                    joined(matches, out, i -> matches.isMatch(i) && !matches.isMatch(i - 1));
            case MERGED_WITH_NEXT ->
                    joined(matches, out, i -> matches.isMatch(i - 1) && !matches.isMatch(i));
            case CONTIGUOUS ->
                    joined(matches, out, i -> matches.isMatch(i) == matches.isMatch(i - 1));
        }
    }

    private interface Joint {
        /// Whether part `i` belongs to the same piece as part `i - 1`.
        boolean joins(int i);
    }

    private static void joined(Matches matches, Spans out, Joint joint) {
        for (int i = 0; i < matches.size(); ) {
            int last = i;
            while (last + 1 < matches.size() && joint.joins(last + 1)) {
                last++;
            }
            out.add(matches.start(i), matches.end(last));
            i = last + 1;
        }
    }
}
