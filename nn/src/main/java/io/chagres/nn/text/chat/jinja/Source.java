package io.chagres.nn.text.chat.jinja;

/// The text of a template, with line ends written as `\n` and without the last of them.
///
/// @param text the text
record Source(String text) {
    static Source of(String template) {
        String text = template.replace("\r\n", "\n").replace('\r', '\n');
        return new Source(text.endsWith("\n") ? text.substring(0, text.length() - 1) : text);
    }

    /// An error at a place, to throw.
    ///
    /// @param at index into the text
    JinjaException error(int at, String message) {
        int line = 1;
        int begin = 0;
        for (int i = text.indexOf('\n'); i >= 0 && i < at; i = text.indexOf('\n', i + 1)) {
            line++;
            begin = i + 1;
        }
        return new JinjaException(message, line, at - begin + 1);
    }
}
