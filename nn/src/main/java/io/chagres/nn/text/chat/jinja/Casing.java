package io.chagres.nn.text.chat.jinja;

import java.util.Locale;

/// Upper and lower case, whatever the locale of the machine.
final class Casing {
    private Casing() {}

    static String upper(String s) {
        return s.toUpperCase(Locale.ROOT);
    }

    static String lower(String s) {
        return s.toLowerCase(Locale.ROOT);
    }

    /// Words begin in upper case, where a word is a run of letters.
    static String title(String s) {
        var out = new StringBuilder(s.length());
        boolean inside = false;
        for (int i = 0; i < s.length(); ) {
            int c = s.codePointAt(i);
            String one = Character.toString(c);
            boolean letter = Character.isUpperCase(c) || Character.isLowerCase(c)
                    || Character.isTitleCase(c);
            out.append(inside ? lower(one) : letter ? Character.toString(Character.toTitleCase(c)) : one);
            inside = letter;
            i += Character.charCount(c);
        }
        return out.toString();
    }

    /// Words begin in upper case, where words are parted by white space, `-` and brackets.
    static String titleWords(String s) {
        var out = new StringBuilder(s.length());
        boolean inside = false;
        for (int i = 0; i < s.length(); ) {
            int c = s.codePointAt(i);
            String one = Character.toString(c);
            out.append(inside ? lower(one) : upper(one));
            inside = !Strings.isSpace(c) && "-({[<".indexOf(c) < 0;
            i += Character.charCount(c);
        }
        return out.toString();
    }
}
