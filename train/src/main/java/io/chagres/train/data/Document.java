package io.chagres.train.data;

/// A piece of training text.
///
/// @param text the text
/// @param domain the kind of text, for losses per domain
/// @param complete whether the text ends here; false when the next document continues it (long
///   files are cut into pieces), so that no end-of-text token may come between the two
public record Document(String text, String domain, boolean complete) {
    /// A complete document.
    public Document(String text, String domain) {
        this(text, domain, true);
    }
}
