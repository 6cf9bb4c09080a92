package io.chagres.nn.text.split;

import io.chagres.nn.text.chars.CharClass;
import io.chagres.nn.text.regex.OnigPattern;
import io.chagres.tensor.io.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Builds pre-tokenizers from their JSON descriptions.
public final class PreTokenizerReader {
    private static final Logger LOG = LoggerFactory.getLogger(PreTokenizerReader.class);

    // Words, and runs of what is neither word nor white space.
    private static final Pattern WORDS = OnigPattern.compile("\\w+|[^\\w\\s]+");

    private PreTokenizerReader() {}

    /// Reads one pre-tokenizer.
    ///
    /// @throws io.chagres.tensor.io.JsonException when the type is unknown or a field is wrong
    public static PreTokenizer read(JsonNode json) {
        String type = json.string("type");
        return switch (type) {
            case "ByteLevel" ->
                    new ByteLevel(
                            json.bool("add_prefix_space", true), json.bool("use_regex", true));
            case "Split" -> split(json);
            case "Whitespace" -> new PatternSplit(WORDS, SplitBehavior.REMOVED, true);
            case "WhitespaceSplit" -> whitespace();
            case "BertPreTokenizer" -> new BertSplit();
            case "Digits" ->
                    new CharSplit(
                            c -> (CharClass.of(c) & CharClass.NUMBER) != 0,
                            json.bool("individual_digits", false)
                                    ? SplitBehavior.ISOLATED
                                    : SplitBehavior.CONTIGUOUS);
            case "Punctuation" ->
                    punctuation(
                            json.has("behavior")
                                    ? SplitBehavior.read(json, "behavior")
                                    : SplitBehavior.ISOLATED);
            case "Metaspace" -> Metaspace.read(json);
            case "CharDelimiterSplit" -> {
                int delimiter = character(json, "delimiter");
                yield new CharSplit(c -> c == delimiter, SplitBehavior.REMOVED);
            }
            case "UnicodeScripts" -> new ScriptSplit();
            case "FixedLength" -> fixedLength(json.intIn("length", 1, Integer.MAX_VALUE, 5));
            case "Sequence" -> sequence(json.list("pretokenizers"));
            default ->
                    throw json.get("type")
                            .error(
                                    "unknown pre-tokenizer '"
                                            + type
                                            + "'; known are ByteLevel, Split, Whitespace, WhitespaceSplit,"
                                            + " BertPreTokenizer, Digits, Punctuation, Metaspace,"
                                            + " CharDelimiterSplit, UnicodeScripts, FixedLength,"
                                            + " Sequence");
        };
    }

    private static int character(JsonNode json, String field) {
        String content = json.string(field);
        if (content.codePointCount(0, content.length()) != 1) {
            throw json.get(field).error("must be one character, not '" + content + "'");
        }
        return content.codePointAt(0);
    }

    private static PreTokenizer fixedLength(int length) {
        return new ScannerSplit((text, from, end) -> {
            int to = from;
            for (int i = 0; i < length && to < end; i++) {
                to += Character.charCount(Character.codePointAt(text, to, end));
            }
            return to;
        });
    }

    private static PreTokenizer whitespace() {
        return new CharSplit(CharClass::isSpace, SplitBehavior.REMOVED);
    }

    private static PreTokenizer punctuation(SplitBehavior behavior) {
        return new CharSplit(CharClass::isPunctuation, behavior);
    }

    private static PreTokenizer split(JsonNode json) {
        SplitBehavior behavior = SplitBehavior.read(json, "behavior");
        boolean invert = json.bool("invert", false);
        JsonNode pattern = json.object("pattern");
        if (behavior == SplitBehavior.ISOLATED && pattern.has("Regex")) {
            String expression = pattern.string("Regex");
            Scanner scanner = Scanners.find(expression);
            if (scanner != null) {
                return new ScannerSplit(scanner);
            }
            LOG.info(
                    "{}: the unknown split '{}' runs as a regular expression",
                    json.source(),
                    expression);
        }
        return new PatternSplit(OnigPattern.read(pattern), behavior, invert);
    }

    private static PreTokenizer sequence(List<JsonNode> parts) {
        List<PreTokenizer> all = new ArrayList<>();
        for (JsonNode part : parts) {
            all.add(read(part));
        }
        return PreTokenizer.sequence(all);
    }
}
