package io.chagres.nn.text.decode;

import io.chagres.nn.text.model.ByteTokens;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The simple decoders.
final class Decoders {
    private static final String REPLACEMENT = "\uFFFD";

    private Decoders() {}

    /// All tokens as one.
    static Decoder fuse() {
        return tokens -> List.of(String.join("", tokens));
    }

    /// Replaces every match of `pattern`, in each token.
    static Decoder replace(Pattern pattern, String content) {
        String literal = Matcher.quoteReplacement(content);
        return each(token -> pattern.matcher(token).replaceAll(literal));
    }

    /// Removes up to `start` and `stop` times the character `content` at the ends of each token.
    static Decoder strip(int content, int start, int stop) {
        return each(token -> {
            int width = Character.charCount(content);
            int from = 0;
            for (int i = 0; i < start && from < token.length(); i++) {
                if (token.codePointAt(from) != content) {
                    break;
                }
                from += width;
            }
            int to = token.length();
            for (int i = 0; i < stop && to > from; i++) {
                if (token.codePointBefore(to) != content) {
                    break;
                }
                to -= width;
            }
            return token.substring(from, to);
        });
    }

    /// A visible space character becomes a space, or nothing at the very start.
    static Decoder metaspace(char replacement, boolean dropFirst) {
        return tokens -> {
            List<String> out = new ArrayList<>(tokens.size());
            for (String token : tokens) {
                out.add(
                        dropFirst && out.isEmpty()
                                ? token.replace(String.valueOf(replacement), "")
                                : token.replace(replacement, ' '));
            }
            return out;
        };
    }

    /// WordPiece: tokens with the prefix continue a word, all others begin one.
    static Decoder wordPiece(String prefix, boolean cleanup) {
        return tokens -> {
            List<String> out = new ArrayList<>(tokens.size());
            for (String token : tokens) {
                String text =
                        out.isEmpty()
                                ? token
                                : token.startsWith(prefix)
                                        ? token.substring(prefix.length())
                                        : " " + token;
                out.add(cleanup ? cleanup(text) : text);
            }
            return out;
        };
    }

    // The clean-up of spaces in English text that the original BERT code defines.
    private static String cleanup(String text) {
        return text.replace(" .", ".")
                .replace(" ?", "?")
                .replace(" !", "!")
                .replace(" ,", ",")
                .replace(" ' ", "'")
                .replace(" n't", "n't")
                .replace(" 'm", "'m")
                .replace(" do not", " don't")
                .replace(" 's", "'s")
                .replace(" 've", "'ve")
                .replace(" 're", "'re");
    }

    /// A suffix that ends words becomes a space, or nothing at the very end.
    static Decoder bpe(String suffix) {
        return tokens -> {
            List<String> out = new ArrayList<>(tokens.size());
            for (int i = 0; i < tokens.size(); i++) {
                out.add(tokens.get(i).replace(suffix, i + 1 == tokens.size() ? "" : " "));
            }
            return out;
        };
    }

    /// Connectionist temporal classification (Graves et al. 2006): a token that repeats the one
    /// before it is left out, then so are pads.
    static Decoder ctc(String pad, String wordDelimiter, boolean cleanup) {
        return tokens -> {
            List<String> out = new ArrayList<>(tokens.size());
            String last = null;
            for (String token : tokens) {
                if (!token.equals(last)) {
                    String text = token.replace(pad, "");
                    text = cleanup ? cleanup(text).replace(wordDelimiter, " ") : text;
                    if (!text.isEmpty()) {
                        out.add(text);
                    }
                }
                last = token;
            }
            return out;
        };
    }

    /// Runs of byte tokens become the text they are in UTF-8, or U+FFFD for each byte of a run that
    /// is not valid.
    static Decoder byteFallback() {
        return tokens -> {
            List<String> out = new ArrayList<>(tokens.size());
            ByteBuffer run = ByteBuffer.allocate(tokens.size());
            for (String token : tokens) {
                int b = ByteTokens.byteOf(token);
                if (b >= 0) {
                    run.put((byte) b);
                } else {
                    flush(run, out);
                    out.add(token);
                }
            }
            flush(run, out);
            return out;
        };
    }

    private static void flush(ByteBuffer run, List<String> out) {
        if (run.position() > 0) {
            run.flip();
            int bytes = run.remaining();
            try {
                out.add(StandardCharsets.UTF_8.newDecoder().decode(run).toString());
            } catch (CharacterCodingException e) {
                out.add(REPLACEMENT.repeat(bytes));
            }
            run.clear();
        }
    }

    private static Decoder each(UnaryOperator<String> step) {
        return tokens -> tokens.stream().map(step).toList();
    }
}
