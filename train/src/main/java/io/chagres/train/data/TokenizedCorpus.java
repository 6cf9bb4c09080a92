package io.chagres.train.data;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/// A corpus as token ids, split into what is trained on and what is held out.
///
/// @param train the tokens to train on
/// @param heldOut the tokens to evaluate on; no document of a part lies on both sides
/// @param key SHA-256 in hex of the texts, the split and the tokenizer
public record TokenizedCorpus(TokenDataset train, TokenDataset heldOut, String key)
        implements TrainingData {
    @Override
    public List<String> domains() {
        return train.domains();
    }

    @Override
    public long trainTargets() {
        return train.targets();
    }

    @Override
    public long heldOutTargets() {
        return heldOut.targets();
    }

    @Override
    public BatchSource trainBatches(int sequenceLength, int batchSize, long seed) {
        return new Batches(train, sequenceLength, batchSize, seed);
    }

    @Override
    public Iterable<Batch> heldOutBatches(int sequenceLength, int batchSize, int maxBatches) {
        return Batches.inOrder(heldOut, sequenceLength, batchSize, maxBatches);
    }

    /// Tokenises a corpus onto the heap; see [TokenDataset] for the limits.
    ///
    /// Reads the corpus twice: the split needs to know all documents. A document is held out by a
    /// hash of its text, independently of its place, so about `heldOut` of each part are, but at
    /// least one when the part has two different ones.
    ///
    /// @param corpus the text
    /// @param heldOut part of the documents to hold out, 0 up to but not 1
    /// @param encoding the tokenizer
    /// @throws DataException when the corpus cannot be read or the tokenizer gives ids outside its
    ///   vocabulary
    public static TokenizedCorpus prepare(Corpus corpus, double heldOut, TextEncoding encoding) {
        CorpusScan scan = CorpusScan.of(corpus, heldOut, encoding);
        int width = Tokens.width(encoding.vocabSize());
        var trainIds = new Tokens.Builder(width);
        var heldOutIds = new Tokens.Builder(width);
        var tokenizing = new Tokenizing(encoding, trainIds, heldOutIds);
        try {
            tokenizing.run(corpus, scan.splits());
        } catch (IOException e) {
            throw new IllegalStateException("a heap sink does no I/O", e);
        }
        var train =
                new TokenDataset(
                        trainIds.build(),
                        corpus.domains(),
                        tokenizing.trainParts(),
                        encoding.eosId());
        var held =
                new TokenDataset(
                        heldOutIds.build(),
                        corpus.domains(),
                        tokenizing.heldOutParts(),
                        encoding.eosId());
        return new TokenizedCorpus(train, held, scan.key());
    }

    /// Tokenises a corpus into files, or reuses those that an earlier call left under the same
    /// texts, split and tokenizer. The files are mapped into memory, so a corpus may be larger than
    /// the heap. Nobody may shorten them while they are in use; old folders are never deleted.
    ///
    /// @param corpus the text
    /// @param heldOut part of the documents to hold out, 0 up to but not 1
    /// @param encoding the tokenizer
    /// @param cacheFolder where folders `tokens-<key>` lie; made when missing
    /// @throws DataException when the corpus cannot be read, the tokenizer gives ids outside its
    ///   vocabulary, or the files cannot be written or read
    public static TokenizedCorpus prepare(
            Corpus corpus, double heldOut, TextEncoding encoding, Path cacheFolder) {
        CorpusScan scan = CorpusScan.of(corpus, heldOut, encoding);
        try {
            return new TokenCache(cacheFolder, corpus, scan, encoding).get();
        } catch (IOException e) {
            throw new DataException(
                    cacheFolder + ": tokens cannot be cached: " + e.getMessage(), e);
        }
    }
}
