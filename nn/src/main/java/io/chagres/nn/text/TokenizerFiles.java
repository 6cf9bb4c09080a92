package io.chagres.nn.text;

import io.chagres.nn.text.bpe.BpeModel;
import io.chagres.nn.text.bpe.BpeTables;
import io.chagres.nn.text.decode.Decoder;
import io.chagres.nn.text.decode.DecoderReader;
import io.chagres.nn.text.model.TokenModel;
import io.chagres.nn.text.model.Unigram;
import io.chagres.nn.text.model.Vocabulary;
import io.chagres.nn.text.model.WordPiece;
import io.chagres.nn.text.normalize.Normalizer;
import io.chagres.nn.text.normalize.NormalizerReader;
import io.chagres.nn.text.post.PostProcessor;
import io.chagres.nn.text.post.PostProcessorReader;
import io.chagres.nn.text.split.PreTokenizer;
import io.chagres.nn.text.split.PreTokenizerReader;
import io.chagres.tensor.io.AtomicFiles;
import io.chagres.tensor.io.FormatException;
import io.chagres.tensor.io.Json;
import io.chagres.tensor.io.JsonNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/// The files of a tokenizer, kept byte for byte, so that what was loaded is what is saved.
///
/// @param origin where they come from, for errors
/// @param contents their bytes by name
record TokenizerFiles(String origin, Map<String, byte[]> contents) {
    static final String TOKENIZER = "tokenizer.json";
    static final String CONFIG = "tokenizer_config.json";
    private static final String BPE = "BPE";
    private static final String SPECIAL_TOKENS = "special_tokens_map.json";
    private static final List<String> BESIDE =
            List.of(
                    CONFIG,
                    SPECIAL_TOKENS,
                    "added_tokens.json",
                    "chat_template.jinja",
                    "chat_template.json");

    static TokenizerFiles load(Path path) throws IOException {
        Path file = Files.isDirectory(path) ? path.resolve(TOKENIZER) : path;
        if (!Files.isRegularFile(file)) {
            throw new NoSuchFileException(path.toString(), null, "there is no " + TOKENIZER);
        }
        Map<String, byte[]> contents = new LinkedHashMap<>();
        contents.put(TOKENIZER, read(file));
        for (String name : BESIDE) {
            Path beside = file.resolveSibling(name);
            if (Files.isRegularFile(beside)) {
                contents.put(name, read(beside));
            }
        }
        return new TokenizerFiles(file.toString(), contents);
    }

    static TokenizerFiles of(String origin, Map<String, String> texts) {
        Map<String, byte[]> contents = new LinkedHashMap<>();
        texts.forEach((name, text) -> contents.put(name, text.getBytes(StandardCharsets.UTF_8)));
        return new TokenizerFiles(origin, contents);
    }

    private static byte[] read(Path file) throws IOException {
        long size = Files.size(file);
        if (size > Json.MAX_BYTES) {
            throw new FormatException(
                    file.toString(), size + " bytes are more than the limit of " + Json.MAX_BYTES);
        }
        return Files.readAllBytes(file);
    }

    void save(Path folder) throws IOException {
        Files.createDirectories(folder);
        for (Map.Entry<String, byte[]> file : contents.entrySet()) {
            ByteBuffer bytes = ByteBuffer.wrap(file.getValue());
            AtomicFiles.writeFile(
                    folder.resolve(file.getKey()),
                    channel -> {
                        while (bytes.hasRemaining()) {
                            channel.write(bytes);
                        }
                    });
        }
    }

    Pipeline pipeline() {
        byte[] bytes = contents.get(TOKENIZER);
        if (bytes == null) {
            throw new FormatException(origin, "there is no " + TOKENIZER);
        }
        BpeTables tables = BpeTables.read(bytes);
        if (tables != null) {
            try {
                JsonNode json = parse(tables.rest(), origin);
                JsonNode model = json.object("model");
                if (type(model).equals(BPE)
                        && model.string("continuing_subword_prefix", "").isEmpty()) {
                    return pipeline(json, BpeModel.read(model, tables));
                }
            } catch (FormatException e) {
                // The general reader says where the mistake is.
            }
        }
        JsonNode json = parse(bytes, origin);
        return pipeline(json, model(json.object("model")));
    }

    private static Pipeline pipeline(JsonNode json, TokenModel model) {
        JsonNode part = json.find("normalizer");
        Normalizer normalizer = part == null ? text -> text : NormalizerReader.read(part);
        part = json.find("pre_tokenizer");
        PreTokenizer preTokenizer = part == null ? pieces -> pieces : PreTokenizerReader.read(part);
        AddedTokens added = AddedTokens.read(json.listOrEmpty("added_tokens"), normalizer);
        IntFunction<@Nullable String> tokenOf = model.vocabulary()::token;
        part = json.find("post_processor");
        PostProcessor postProcessor =
                part == null ? (tokens, add) -> {} : PostProcessorReader.read(part, tokenOf);
        part = json.find("decoder");
        // Without a decoder, Hugging Face's library puts spaces between the tokens.
        Decoder decoder =
                part == null
                        ? tokens -> List.of(String.join(" ", tokens))
                        : DecoderReader.read(part);
        return new Pipeline(added, normalizer, preTokenizer, model, postProcessor, decoder);
    }

    SpecialTokens specialTokens(Pipeline pipeline) {
        List<JsonNode> configs = new ArrayList<>();
        for (String name : List.of(CONFIG, SPECIAL_TOKENS)) {
            byte[] bytes = contents.get(name);
            if (bytes != null) {
                configs.add(parse(bytes, origin + " (" + name + ")"));
            }
        }
        return SpecialTokens.read(configs, content -> id(pipeline, content));
    }

    private static JsonNode parse(byte[] bytes, String source) {
        try {
            var utf8 = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes));
            return Json.parse(utf8.toString(), source);
        } catch (CharacterCodingException e) {
            throw new FormatException(source, "not JSON: the text is not UTF-8", e);
        }
    }

    static int id(Pipeline pipeline, String token) {
        int id = pipeline.added().id(token);
        return id != Vocabulary.NONE ? id : pipeline.model().vocabulary().id(token);
    }

    /// The oldest files do not name the model's type.
    private static String type(JsonNode model) {
        return model.string("type", model.has("merges") ? BPE : "");
    }

    private static TokenModel model(JsonNode json) {
        String type = type(json);
        return switch (type) {
            case BPE -> BpeModel.read(json);
            case "WordPiece" -> WordPiece.read(json);
            case "Unigram" -> Unigram.read(json);
            default ->
                    throw json.error(
                            "unknown model type '" + type + "'; known are BPE, WordPiece, Unigram");
        };
    }
}
