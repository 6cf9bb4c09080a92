package io.chagres.nn.text;

import io.chagres.nn.text.chars.TokenBuffer;
import io.chagres.nn.text.model.Vocabulary;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/// Turns text into token ids and back, as a Hugging Face `tokenizer.json` describes it.
///
/// The stages are: added tokens, normalizer, pre-tokenizer, model (BPE, WordPiece or Unigram),
/// post-processor; and for the way back the decoder. Everything that the file says is followed,
/// save `truncation`, `padding` and BPE `dropout`, which are a caller's business. A component that
/// is not known makes [#load] fail with an error that names it.
///
/// A tokenizer never changes and may be used by any number of threads, virtual ones included.
public final class Tokenizer {
    private final TokenizerFiles files;
    private final Pipeline pipeline;
    private final SpecialTokens specialTokens;

    private Tokenizer(TokenizerFiles files) {
        this.files = files;
        pipeline = files.pipeline();
        specialTokens = files.specialTokens(pipeline);
    }

    /// Loads a tokenizer.
    ///
    /// @param path a `tokenizer.json`, or the folder that holds one; `tokenizer_config.json` beside
    ///   it tells the special tokens
    /// @throws io.chagres.tensor.io.FormatException when a file is malformed; the message names the
    ///   file and the field
    /// @throws IOException when a file is missing or cannot be read
    public static Tokenizer load(Path path) throws IOException {
        return new Tokenizer(TokenizerFiles.load(path));
    }

    /// Builds a tokenizer from the texts of its files.
    ///
    /// @param origin name used in errors
    /// @param texts texts by file name; `tokenizer.json` must be there
    static Tokenizer of(String origin, Map<String, String> texts) {
        return new Tokenizer(TokenizerFiles.of(origin, texts));
    }

    /// The ids of a text, with the special tokens that the post-processor adds.
    public int[] encode(String text) {
        return encode(text, true);
    }

    /// The ids of a text. Special tokens that stand in the text itself are always recognised.
    ///
    /// @param addSpecialTokens whether the post-processor adds its special tokens
    public int[] encode(String text, boolean addSpecialTokens) {
        return pipeline.encode(text, addSpecialTokens, false).ids();
    }

    /// As [#encode(String, boolean)], with the part of the text that each token stands for. Slower.
    public Encoding encodeWithOffsets(String text, boolean addSpecialTokens) {
        TokenBuffer tokens = pipeline.encode(text, addSpecialTokens, true);
        return new Encoding(tokens);
    }

    /// The text of some ids. Ids that are not in the vocabulary stand for nothing: models may have
    /// more output rows than tokens. Bytes that are not valid UTF-8 become U+FFFD.
    ///
    /// @param skipSpecialTokens whether special tokens are left out
    public String decode(int[] ids, boolean skipSpecialTokens) {
        List<String> tokens = new ArrayList<>(ids.length);
        for (int id : ids) {
            String token = idToToken(id);
            if (token != null && !(skipSpecialTokens && isSpecial(id))) {
                tokens.add(token);
            }
        }
        return decode(tokens);
    }

    String decode(List<String> tokens) {
        return tokens.isEmpty() ? "" : String.join("", pipeline.decoder().apply(tokens));
    }

    /// A decoder for ids that come one by one.
    ///
    /// @param skipSpecialTokens whether special tokens are left out
    public StreamingDecoder streamingDecoder(boolean skipSpecialTokens) {
        return StreamingDecoder.of(this, pipeline.decoder(), skipSpecialTokens);
    }

    /// One more than the largest id: the least number of rows an embedding needs.
    public int vocabSize() {
        return Math.max(pipeline.model().vocabulary().size(), pipeline.added().size());
    }

    /// The id of a token, exactly as it stands in the vocabulary.
    public OptionalInt tokenToId(String token) {
        int id = TokenizerFiles.id(pipeline, token);
        return id == Vocabulary.NONE ? OptionalInt.empty() : OptionalInt.of(id);
    }

    /// The token with an id, as it stands in the vocabulary, or `null`.
    public @Nullable String idToToken(int id) {
        AddedToken token = pipeline.added().token(id);
        return token != null ? token.content() : pipeline.model().vocabulary().token(id);
    }

    /// Whether an id is that of a special token.
    public boolean isSpecial(int id) {
        return pipeline.added().isSpecial(id);
    }

    /// The token that begins a text (`bos_token`), where `tokenizer_config.json` declares one.
    public OptionalInt bosId() {
        return specialTokens.bos();
    }

    /// The token that ends a text (`eos_token`), where declared.
    public OptionalInt eosId() {
        return specialTokens.eos();
    }

    /// The token that fills up (`pad_token`), where declared. It may be the end token: mask by
    /// length, not by id.
    public OptionalInt padId() {
        return specialTokens.pad();
    }

    /// The token for what the vocabulary lacks (`unk_token`), where declared.
    public OptionalInt unkId() {
        return specialTokens.unknown();
    }

    /// Writes `tokenizer.json`, and the files that were beside it, into a folder, unchanged. Each
    /// file is written beside its target and then moved there.
    public void save(Path folder) throws IOException {
        files.save(folder);
    }
}
