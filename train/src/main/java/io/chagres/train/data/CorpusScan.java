package io.chagres.train.data;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/// What a first reading of a corpus finds out, before anything is tokenised.
///
/// @param splits the held-out split of each part
/// @param key SHA-256 (in hex) of everything that the tokens depend on: the texts and domains, the
///   split and the tokenizer; not the weights
record CorpusScan(List<HeldOut> splits, String key) {
    private static final String FORMAT = "chagres tokens 1";

    static CorpusScan of(Corpus corpus, double heldOut, TextEncoding encoding) {
        MessageDigest digest = sha256();
        update(digest, FORMAT);
        update(digest, encoding.fingerprint());
        update(digest, "%d %d %s".formatted(encoding.vocabSize(), encoding.eosId(), heldOut));
        var splits = new ArrayList<HeldOut>();
        for (Corpus.Part part : corpus.parts()) {
            update(digest, part.domain());
            var hashes = new HeldOut.Hashes[] {HeldOut.Hashes.NONE};
            part.documents()
                    .forEach(document -> {
                        hashes[0] = hashes[0].add(Mixing.hash(document.text()));
                        update(digest, document.text());
                        digest.update((byte) (document.complete() ? 1 : 0));
                    });
            splits.add(HeldOut.of(heldOut, hashes[0]));
        }
        return new CorpusScan(splits, HexFormat.of().formatHex(digest.digest()));
    }

    /// Adds a text behind its length, so that no two rows of texts look the same.
    private static void update(MessageDigest digest, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        digest.update(ByteBuffer.allocate(Integer.BYTES).putInt(0, bytes.length));
        digest.update(bytes);
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
