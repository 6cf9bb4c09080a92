package io.chagres.nn.text.decode;

import io.chagres.nn.text.regex.OnigPattern;
import io.chagres.tensor.io.JsonNode;
import java.util.ArrayList;
import java.util.List;

/// Builds decoders from their JSON descriptions.
public final class DecoderReader {
    private DecoderReader() {}

    /// Reads one decoder.
    ///
    /// @throws io.chagres.tensor.io.JsonException when the type is unknown or a field is wrong
    public static Decoder read(JsonNode json) {
        String type = json.string("type");
        return switch (type) {
            case "ByteLevel" -> new ByteLevelDecoder();
            case "WordPiece" ->
                    Decoders.wordPiece(json.string("prefix", "##"), json.bool("cleanup", true));
            case "Metaspace" -> metaspace(json);
            case "ByteFallback" -> Decoders.byteFallback();
            case "Fuse" -> Decoders.fuse();
            case "Strip" -> strip(json);
            case "Replace" ->
                    Decoders.replace(
                            OnigPattern.read(json.object("pattern")), json.string("content"));
            case "BPEDecoder" -> Decoders.bpe(json.string("suffix", "</w>"));
            case "CTC" ->
                    Decoders.ctc(
                            json.string("pad_token", "<pad>"),
                            json.string("word_delimiter_token", "|"),
                            json.bool("cleanup", true));
            case "Sequence" -> sequence(json.list("decoders"));
            default ->
                    throw json.get("type")
                            .error(
                                    "unknown decoder '"
                                            + type
                                            + "'; known are ByteLevel, WordPiece, Metaspace, ByteFallback,"
                                            + " Fuse, Strip, Replace, BPEDecoder, CTC, Sequence");
        };
    }

    private static Decoder metaspace(JsonNode json) {
        String replacement = json.string("replacement", "▁");
        if (replacement.length() != 1) {
            throw json.get("replacement").error("must be one character, not '" + replacement + "'");
        }
        String scheme =
                json.string(
                        "prepend_scheme", json.bool("add_prefix_space", true) ? "always" : "never");
        return Decoders.metaspace(replacement.charAt(0), !"never".equals(scheme));
    }

    private static Decoder strip(JsonNode json) {
        String content = json.string("content");
        if (content.codePointCount(0, content.length()) != 1) {
            throw json.get("content").error("must be one character, not '" + content + "'");
        }
        return Decoders.strip(
                content.codePointAt(0),
                json.intIn("start", 0, Integer.MAX_VALUE, 0),
                json.intIn("stop", 0, Integer.MAX_VALUE, 0));
    }

    private static Decoder sequence(List<JsonNode> parts) {
        List<Decoder> all = new ArrayList<>();
        for (JsonNode part : parts) {
            all.add(read(part));
        }
        return all.size() == 1 ? all.getFirst() : Decoder.sequence(all);
    }
}
