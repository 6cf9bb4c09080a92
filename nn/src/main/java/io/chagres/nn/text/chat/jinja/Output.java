package io.chagres.nn.text.chat.jinja;

import java.util.ArrayList;
import java.util.List;

/// Takes the text that statements write.
final class Output {
    private final StringBuilder text = new StringBuilder();
    private final List<Rendered.Range> generated = new ArrayList<>();
    private final boolean captures;

    /// Text of the template itself, or text that is captured into a value.
    Output(boolean captures) {
        this.captures = captures;
    }

    void write(Site site, String more) {
        site.reserve(more.length());
        text.append(more);
    }

    int length() {
        return text.length();
    }

    /// The text from an index on is of the assistant. `false` when this text is captured: where
    /// it will stand is not known.
    boolean markGenerated(int from) {
        if (!captures) {
            generated.add(new Rendered.Range(from, text.length()));
        }
        return !captures;
    }

    /// What was written.
    ///
    /// @param lost whether some text of the assistant was captured
    Rendered finish(boolean lost) {
        return new Rendered(text.toString(), generated, lost);
    }

    @Override
    public String toString() {
        return text.toString();
    }
}
