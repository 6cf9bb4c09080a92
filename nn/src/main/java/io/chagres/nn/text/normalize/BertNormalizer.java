package io.chagres.nn.text.normalize;

import io.chagres.nn.text.chars.CharClass;
import io.chagres.nn.text.chars.CharText;
import java.text.Normalizer.Form;
import java.util.ArrayList;
import java.util.List;

/// BERT's basic cleaning: control characters go, white space becomes the plain space, ideographs
/// stand alone, accents are stripped, letters are lowered; each part can be switched off.
final class BertNormalizer {
    private BertNormalizer() {}

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
        if (handleChineseChars) {
            parts.add(BertNormalizer::isolateIdeographs);
        }
        if (stripAccents) {
            parts.add(new UnicodeForm(Form.NFD));
            parts.add(Normalizers.filter(c -> Character.getType(c) != Character.NON_SPACING_MARK));
        }
        if (lowercase) {
            parts.add(Normalizers.lowercase());
        }
        return Normalizer.sequence(parts);
    }

    private static CharText isolateIdeographs(CharText text) {
        CharText.Builder edit = text.edit();
        for (int i = text.start(); i < text.end(); ) {
            int codePoint = text.codePointAt(i);
            int next = i + Character.charCount(codePoint);
            if (isIdeograph(codePoint)) {
                edit.put(' ', i, next);
                edit.copy(i, next);
                edit.put(' ', i, next);
            } else {
                edit.copy(i, next);
            }
            i = next;
        }
        return edit.build();
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
