package io.chagres.nn.generate;

import java.util.List;

/// Cuts a stream of text at the first of several stop texts to be complete, wherever the pieces
/// fall. Text that might still become a stop text is held back.
final class StopText {
    private final List<String> stops;
    private final StringBuilder held = new StringBuilder();
    private boolean stopped;

    StopText(List<String> stops) {
        this.stops = stops.stream().filter(s -> !s.isEmpty()).toList();
    }

    /// Whether a stop text was seen.
    boolean stopped() {
        return stopped;
    }

    /// Takes a piece and returns what is safe to show.
    String push(String piece) {
        if (stopped) {
            return "";
        }
        held.append(piece);
        int cut = -1;
        int end = Integer.MAX_VALUE;
        for (String s : stops) {
            int at = held.indexOf(s);
            int ends = at + s.length();
            if (at >= 0 && (ends < end || (ends == end && at < cut))) {
                cut = at;
                end = ends;
            }
        }
        if (cut >= 0) {
            stopped = true;
            String shown = held.substring(0, cut);
            held.setLength(0);
            return shown;
        }
        int keep = 0;
        for (String s : stops) {
            for (int n = Math.min(s.length() - 1, held.length()); n > keep; n--) {
                if (held.substring(held.length() - n).equals(s.substring(0, n))) {
                    keep = n;
                }
            }
        }
        String shown = held.substring(0, held.length() - keep);
        held.delete(0, shown.length());
        return shown;
    }

    /// What was held back, once no more text comes.
    String finish() {
        String rest = held.toString();
        held.setLength(0);
        return rest;
    }
}
