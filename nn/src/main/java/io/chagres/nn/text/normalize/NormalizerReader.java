package io.chagres.nn.text.normalize;

import io.chagres.nn.text.regex.OnigPattern;
import io.chagres.tensor.io.JsonNode;
import java.text.Normalizer.Form;
import java.util.ArrayList;
import java.util.List;

/// Builds normalizers from their JSON descriptions.
public final class NormalizerReader {
    private NormalizerReader() {}

    /// Reads one normalizer.
    ///
    /// @throws io.chagres.tensor.io.JsonException when the type is unknown or a field is wrong
    public static Normalizer read(JsonNode json) {
        String type = json.string("type");
        return switch (type) {
            case "NFC" -> new UnicodeForm(Form.NFC);
            case "NFD" -> new UnicodeForm(Form.NFD);
            case "NFKC" -> new UnicodeForm(Form.NFKC);
            case "NFKD" -> new UnicodeForm(Form.NFKD);
            case "Lowercase" -> Normalizers.lowercase();
            case "Prepend" -> Normalizers.prepend(json.string("prepend"));
            case "Replace" -> replace(json);
            case "Strip" ->
                    Normalizers.strip(
                            json.bool("strip_left", true), json.bool("strip_right", true));
            case "StripAccents" -> Normalizers.stripAccents();
            case "BertNormalizer" -> bert(json);
            case "Nmt" -> Normalizers.nmt();
            case "Precompiled" -> Precompiled.read(json);
            case "ByteLevel" -> Normalizers.byteLevel();
            case "Sequence" -> sequence(json.list("normalizers"));
            default ->
                    throw json.get("type")
                            .error(
                                    "unknown normalizer '"
                                            + type
                                            + "'; known are NFC, NFD, NFKC, NFKD, Lowercase, Prepend,"
                                            + " Replace, Strip, StripAccents, BertNormalizer, Nmt, Precompiled,"
                                            + " ByteLevel, Sequence");
        };
    }

    private static Normalizer replace(JsonNode json) {
        String content = json.string("content");
        JsonNode pattern = json.object("pattern");
        String literal = pattern.string("String", "");
        if (literal.length() == 1 && content.length() == 1) {
            return Normalizers.replace(literal.charAt(0), content.charAt(0));
        }
        return Normalizers.replace(OnigPattern.read(pattern), content);
    }

    private static Normalizer bert(JsonNode json) {
        boolean lowercase = json.bool("lowercase", true);
        return BertNormalizer.of(
                json.bool("clean_text", true),
                json.bool("handle_chinese_chars", true),
                json.bool("strip_accents", lowercase),
                lowercase);
    }

    private static Normalizer sequence(List<JsonNode> parts) {
        List<Normalizer> all = new ArrayList<>();
        for (JsonNode part : parts) {
            all.add(read(part));
        }
        return Normalizer.sequence(all);
    }
}
