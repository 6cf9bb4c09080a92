package io.chagres.nn.text.bpe;

import io.chagres.nn.text.model.Vocabulary;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// The two large tables of a BPE tokenizer's file, read straight from its bytes: `model.vocab` and
/// `model.merges`, nearly all of the file. A tree of JSON values would take ten times as long, most
/// of it before anything is compiled.
///
/// Reads what tokenizer files are like. Whatever else there may be, wrong or just unusual, is left
/// to the general reader and its errors: then there are no tables.
public final class BpeTables {
    private static final int MOST_DIGITS = 8;

    private final byte[] json;
    private int at;
    private final ByteArrayOutputStream rest = new ByteArrayOutputStream();
    private int copied;
    private @Nullable Vocabulary vocabulary;
    private @Nullable MergeTable merges;

    private BpeTables(byte[] json) {
        this.json = json;
    }

    /// Reads the tables of a `tokenizer.json`.
    ///
    /// @return `null` when something is not as expected
    public static @Nullable BpeTables read(byte[] json) {
        try {
            BpeTables tables = new BpeTables(json);
            tables.file();
            tables.rest.write(json, tables.copied, json.length - tables.copied);
            return tables.vocabulary == null || tables.merges == null ? null : tables;
        } catch (Unexpected | IndexOutOfBoundsException e) {
            return null;
        }
    }

    /// The file with the two tables empty.
    public byte[] rest() {
        return rest.toByteArray();
    }

    Vocabulary vocabulary() {
        return present(vocabulary);
    }

    MergeTable merges() {
        return present(merges);
    }

    private static <T> T present(@Nullable T value) {
        if (value == null) {
            throw new Unexpected();
        }
        return value;
    }

    private void file() {
        expect('{');
        do {
            if (string().equals("model")) {
                expect(':');
                model();
            } else {
                expect(':');
                skipValue();
            }
        } while (next() == ',');
    }

    private void model() {
        expect('{');
        do {
            String key = string();
            expect(':');
            int start = at;
            switch (key) {
                case "vocab" -> {
                    vocabulary = vocab();
                    leaveOut(start, "{}");
                }
                case "merges" -> {
                    merges = mergeList(present(vocabulary));
                    leaveOut(start, "[]");
                }
                default -> skipValue();
            }
        } while (next() == ',');
    }

    /// Writes to the rest what came before a table, and what stands for it.
    private void leaveOut(int start, String empty) {
        rest.write(json, copied, start - copied);
        rest.writeBytes(empty.getBytes(StandardCharsets.US_ASCII));
        copied = at;
    }

    private Vocabulary vocab() {
        expect('{');
        Vocabulary.Builder builder = new Vocabulary.Builder(json.length / 64);
        int entries = 0;
        do {
            String token = string();
            expect(':');
            builder.put(token, id());
            entries++;
        } while (separator('}'));
        if (builder.tokens() != entries) {
            throw new Unexpected();
        }
        return builder.build();
    }

    private MergeTable mergeList(Vocabulary tokens) {
        expect('[');
        int[] first = new int[tokens.size()];
        int[] second = new int[tokens.size()];
        int[] result = new int[tokens.size()];
        int n = 0;
        do {
            String a;
            String b;
            if (peek() == '[') {
                expect('[');
                a = string();
                expect(',');
                b = string();
                expect(']');
            } else {
                String line = string();
                int space = line.indexOf(' ');
                if (space < 0 || line.indexOf(' ', space + 1) >= 0) {
                    throw new Unexpected();
                }
                a = line.substring(0, space);
                b = line.substring(space + 1);
            }
            if (n == first.length) {
                first = Arrays.copyOf(first, 2 * n);
                second = Arrays.copyOf(second, 2 * n);
                result = Arrays.copyOf(result, 2 * n);
            }
            first[n] = known(tokens, a);
            second[n] = known(tokens, b);
            result[n++] = known(tokens, a.concat(b));
        } while (separator(']'));
        return new MergeTable(
                Arrays.copyOf(first, n), Arrays.copyOf(second, n), Arrays.copyOf(result, n));
    }

    private static int known(Vocabulary tokens, String token) {
        int id = tokens.id(token);
        if (id == Vocabulary.NONE) {
            throw new Unexpected();
        }
        return id;
    }

    /// Takes a comma, or the end of a list or object; returns whether it was a comma.
    private boolean separator(char end) {
        byte b = next();
        if (b != ',' && b != end) {
            throw new Unexpected();
        }
        return b == ',';
    }

    private int id() {
        peek();
        int start = at;
        int id = 0;
        while (json[at] >= '0' && json[at] <= '9') {
            id = 10 * id + json[at++] - '0';
            if (at - start > MOST_DIGITS) {
                throw new Unexpected();
            }
        }
        boolean leadingZero = json[start] == '0' && at - start > 1;
        if (at == start || leadingZero || id > Vocabulary.MAX_ID) {
            throw new Unexpected();
        }
        return id;
    }

    private String string() {
        expect('"');
        int start = at;
        int end = start;
        while (json[end] != '"') {
            if (json[end] == '\\') {
                return escaped(start, end);
            }
            if (json[end] >= 0 && json[end] < ' ') {
                throw new Unexpected();
            }
            end++;
        }
        at = end + 1;
        return text(start, end);
    }

    private String text(int from, int to) {
        String text = new String(json, from, to - from, StandardCharsets.UTF_8);
        if (text.indexOf('\uFFFD') >= 0) { // perhaps not UTF-8
            throw new Unexpected();
        }
        return text;
    }

    /// The rest of a string whose first escape is at `escape`.
    private String escaped(int start, int escape) {
        StringBuilder text = new StringBuilder(text(start, escape));
        at = escape;
        while (json[at] != '"') {
            if (json[at] == '\\') {
                at++;
                text.append(escape());
                continue;
            }
            int from = at;
            while (json[at] != '"' && json[at] != '\\') {
                if (json[at] >= 0 && json[at] < ' ') {
                    throw new Unexpected();
                }
                at++;
            }
            text.append(text(from, at));
        }
        at++;
        return text.toString();
    }

    private char escape() {
        byte b = json[at++];
        return switch (b) {
            case '"', '\\', '/' -> (char) b;
            case 'b' -> '\b';
            case 'f' -> '\f';
            case 'n' -> '\n';
            case 'r' -> '\r';
            case 't' -> '\t';
            case 'u' -> {
                int code = 0;
                for (int i = 0; i < 4; i++) {
                    int digit = Character.digit(json[at++], 16);
                    if (digit < 0) {
                        throw new Unexpected();
                    }
                    code = 16 * code + digit;
                }
                yield (char) code;
            }
            default -> throw new Unexpected();
        };
    }

    /// Skips a value; whether it is well formed, the general reader will see.
    private void skipValue() {
        int depth = 0;
        do {
            switch (peek()) {
                case '"' -> skipString();
                case '{', '[' -> {
                    depth++;
                    at++;
                }
                case '}', ']' -> {
                    depth--;
                    at++;
                }
                case ',', ':' -> at++;
                default -> skipWord();
            }
        } while (depth > 0);
    }

    private void skipString() {
        at++;
        while (json[at] != '"') {
            at += json[at] == '\\' ? 2 : 1;
        }
        at++;
    }

    private void skipWord() {
        while ("{}[],:\" \t\r\n".indexOf(json[at]) < 0) {
            at++;
        }
    }

    private void expect(char wanted) {
        if (next() != wanted) {
            throw new Unexpected();
        }
    }

    private byte next() {
        byte b = peek();
        at++;
        return b;
    }

    /// The next byte that is not white space.
    private byte peek() {
        byte b = json[at];
        while (b == ' ' || b == '\n' || b == '\r' || b == '\t') {
            b = json[++at];
        }
        return b;
    }

    /// Something that is left to the general reader.
    private static final class Unexpected extends RuntimeException {
        private static final long serialVersionUID = 1;

        Unexpected() {
            super(null, null, false, false);
        }
    }
}
