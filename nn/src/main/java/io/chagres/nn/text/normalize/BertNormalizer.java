package io.chagres.nn.text.normalize;

import io.chagres.nn.text.chars.CharClass;
import io.chagres.nn.text.chars.CharText;
import java.text.Normalizer.Form;
import java.util.ArrayList;
import java.util.List;

/// BERT's basic cleaning: control characters go, white space becomes the plain space, ideographs
/// stand alone, accents are stripped, letters are lowered; each part can be switched off.
final class BertNormalizer implements Normalizer {
    private static final char FIRST_DECOMPOSED = '\u00C0';
    private static final char GONE = '\uFFFF';

    private final Normalizer steps;
    private final boolean isolates;
    private final char[] table;

    private BertNormalizer(Normalizer steps, boolean isolates) {
        this.steps = steps;
        this.isolates = isolates;
        table = table(steps);
    }

    static Normalizer of(
            boolean cleanText,
            boolean handleChineseChars,
            boolean stripAccents,
            boolean lowercase) {
        List<Normalizer> parts = new ArrayList<>();
        if (cleanText) {
            parts.add(Normalizers.filter(c -> c != 0 && c != 0xFFFD && !isControl(c)));
            parts.add(Normalizers.map(c -> CharClass.isSpace(c) ? ' ' : c));
        }
        if (stripAccents) {
            parts.add(new UnicodeForm(Form.NFD));
            parts.add(Normalizers.filter(c -> Character.getType(c) != Character.NON_SPACING_MARK));
        }
        if (lowercase) {
            parts.add(Normalizers.lowercase());
        }
        return new BertNormalizer(Normalizer.sequence(parts), handleChineseChars);
    }

    // What becomes of each of the first characters, none of which decomposes: one or no character.
    private static char[] table(Normalizer steps) {
        char[] table = new char[FIRST_DECOMPOSED];
        for (char c = 0; c < FIRST_DECOMPOSED; c++) {
            CharText text = steps.apply(CharText.of(String.valueOf(c), false));
            table[c] = text.isEmpty() ? GONE : text.chars()[text.start()];
        }
        return table;
    }

    @Override
    public CharText apply(CharText text) {
        char[] chars = text.chars();
        CharText.Builder edit = text.edit();
        for (int i = text.start(); i < text.end(); ) {
            char c = chars[i];
            if (c < FIRST_DECOMPOSED) {
                char becomes = table[c];
                if (becomes != GONE) {
                    edit.put(becomes, i, i + 1);
                }
                i++;
            } else {
                i = other(text, i, edit);
            }
        }
        return edit.build();
    }

    // Rewrites an ideograph, or a run of characters that are neither that nor in the table: nothing
    // that is done to them depends on what is around the run.
    private int other(CharText text, int from, CharText.Builder edit) {
        int codePoint = text.codePointAt(from);
        int to = from + Character.charCount(codePoint);
        if (isolates && isIdeograph(codePoint)) {
            edit.put(' ', from, to);
            edit.append(steps.apply(text.slice(from, to)));
            edit.put(' ', from, to);
            return to;
        }
        while (to < text.end() && text.chars()[to] >= FIRST_DECOMPOSED) {
            codePoint = text.codePointAt(to);
            if (isolates && isIdeograph(codePoint)) {
                break;
            }
            to += Character.charCount(codePoint);
        }
        edit.append(steps.apply(text.slice(from, to)));
        return to;
    }

    // General category C, except the three control characters that count as white space.
    private static boolean isControl(int c) {
        if (c == '\t' || c == '\n' || c == '\r') {
            return false;
        }
        return switch (Character.getType(c)) {
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.UNASSIGNED,
                    Character.PRIVATE_USE,
                    Character.SURROGATE ->
                    true;
            default -> false;
        };
    }

    // The blocks that BERT's original vocabulary counts as Chinese.
    private static boolean isIdeograph(int c) {
        return (c >= 0x4E00 && c <= 0x9FFF)
                || (c >= 0x3400 && c <= 0x4DBF)
                || (c >= 0x20000 && c <= 0x2A6DF)
                || (c >= 0x2A700 && c <= 0x2B73F)
                || (c >= 0x2B740 && c <= 0x2B81F)
                || (c >= 0x2B920 && c <= 0x2CEAF)
                || (c >= 0xF900 && c <= 0xFAFF)
                || (c >= 0x2F800 && c <= 0x2FA1F);
    }
}
