package io.chagres.nn.text.normalize;

import io.chagres.nn.text.chars.CharText;
import io.chagres.tensor.io.JsonNode;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.CharBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// SentencePiece's compiled normalization rules: a double-array trie (Aoe 1989) from UTF-8 to
/// places in a table of replacements.
///
/// As in Hugging Face's library, each grapheme cluster of less than six bytes is looked up as a
/// whole, otherwise each of its characters, and of the rules that match a beginning of it the one
/// with the *shortest* match replaces all of it.
final class Precompiled implements Normalizer {
    private static final Pattern GRAPHEME = Pattern.compile("\\X");
    private static final int LONGEST = 5;

    private final int[] units;
    private final byte[] replacements;

    private Precompiled(int[] units, byte[] replacements) {
        this.units = units;
        this.replacements = replacements;
    }

    static Precompiled read(JsonNode json) {
        JsonNode field = json.get("precompiled_charsmap");
        try {
            byte[] bytes = Base64.getDecoder().decode(field.asString());
            ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
            int size = bytes.length < Integer.BYTES ? -1 : buffer.getInt();
            if (size <= 0 || size > buffer.remaining() || size % Integer.BYTES != 0) {
                throw field.error(
                        "not a compiled table: its trie is said to have " + size + " bytes");
            }
            int[] units = new int[size / Integer.BYTES];
            buffer.asIntBuffer().get(units);
            buffer.position(Integer.BYTES + size);
            byte[] replacements = new byte[buffer.remaining()];
            buffer.get(replacements);
            return new Precompiled(units, replacements);
        } catch (IllegalArgumentException e) {
            throw field.error("not Base64: " + e.getMessage());
        }
    }

    @Override
    public CharText apply(CharText text) {
        CharText.Builder edit = null;
        CharBuffer chars = CharBuffer.wrap(text.chars(), text.start(), text.length());
        Matcher graphemes = GRAPHEME.matcher(chars);
        int done = text.start();
        while (graphemes.find()) {
            int from = text.start() + graphemes.start();
            int to = text.start() + graphemes.end();
            String grapheme = graphemes.group();
            String whole = find(grapheme, LONGEST);
            if (whole != null) {
                edit = edit == null ? text.edit() : edit;
                edit.copy(done, from);
                edit.put(whole, from, to);
                done = to;
                continue;
            }
            for (int i = from; i < to; ) {
                int next = i + Character.charCount(text.codePointAt(i));
                String one = find(grapheme.substring(i - from, next - from), LONGEST);
                if (one != null) {
                    edit = edit == null ? text.edit() : edit;
                    edit.copy(done, i);
                    edit.put(one, i, next);
                    done = next;
                }
                i = next;
            }
        }
        if (edit == null) {
            return text;
        }
        edit.copy(done, text.end());
        return edit.build();
    }

    private @Nullable String find(String part, int longest) {
        byte[] key = part.getBytes(StandardCharsets.UTF_8);
        if (key.length > longest) {
            return null;
        }
        int node = offset(units[0]);
        for (byte b : key) {
            int label = b & 0xFF;
            node ^= label;
            if (label == 0 || node < 0 || node >= units.length) {
                return null;
            }
            int unit = units[node];
            if ((unit & (1 << 31 | 0xFF)) != label) {
                return null;
            }
            node ^= offset(unit);
            if ((unit >> 8 & 1) == 1) {
                return node >= 0 && node < units.length
                        ? replacement(units[node] & Integer.MAX_VALUE)
                        : null;
            }
        }
        return null;
    }

    // Where the children of a unit are, relative to it.
    private static int offset(int unit) {
        return unit >>> 10 << ((unit & 1 << 9) >>> 6);
    }

    private @Nullable String replacement(int from) {
        if (from > replacements.length) {
            return null;
        }
        int to = from;
        while (to < replacements.length && replacements[to] != 0) {
            to++;
        }
        return new String(replacements, from, to - from, StandardCharsets.UTF_8);
    }
}
