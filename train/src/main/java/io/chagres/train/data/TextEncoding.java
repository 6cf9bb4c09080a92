package io.chagres.train.data;

/// All that tokenising a corpus needs to know about a tokenizer.
///
/// @param encoder turns text into ids
/// @param vocabSize number of ids; every id is below it
/// @param eosId the id put after each document (and once before the first)
/// @param fingerprint a text that differs between tokenizers, such as the SHA-256 of
///   `tokenizer.json`; cached tokens are reused only under the same one
public record TextEncoding(Encoder encoder, int vocabSize, int eosId, String fingerprint) {
    /// Checks the numbers.
    public TextEncoding {
        if (vocabSize < 1) {
            throw new IllegalArgumentException("vocabSize must be >= 1, got " + vocabSize);
        }
        if (eosId < 0 || eosId >= vocabSize) {
            throw new IllegalArgumentException(
                    "eosId %d is not in a vocabulary of %d".formatted(eosId, vocabSize));
        }
    }
}
