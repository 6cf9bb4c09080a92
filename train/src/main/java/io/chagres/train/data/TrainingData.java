package io.chagres.train.data;

import java.util.List;

/// What a model is trained and evaluated on, as token ids.
public sealed interface TrainingData permits ExampleCorpus, PreferenceCorpus, TokenizedCorpus {
    /// SHA-256 in hex of everything that the ids and their split depend on.
    String key();

    /// The domains; a domain's index is its place here.
    List<String> domains();

    /// Number of ids to train on that are predicted.
    long trainTargets();

    /// Number of held-out ids that are predicted.
    long heldOutTargets();

    /// Batches to train on, from the beginning.
    ///
    /// @param sequenceLength ids in a sequence; the longest one where they differ
    /// @param batchSize sequences in a batch
    /// @param seed which of the orders
    /// @throws DataException when there is nothing to train on
    BatchSource trainBatches(int sequenceLength, int batchSize, long seed);

    /// Batches for an evaluation: each sequence once, in order, and on its own in its row.
    ///
    /// @param maxBatches 0 for all; otherwise at most so many, spread over the data and the same
    ///   each time
    /// @throws DataException when nothing is held out
    Iterable<Batch> heldOutBatches(int sequenceLength, int batchSize, int maxBatches);
}
