package io.chagres.train.data;

/// Which documents of a part are held out of training.
///
/// The decision depends on nothing but the text, so it survives a change of order, and the same
/// text lies on the same side wherever it occurs: a document is held out when its 64-bit hash, read
/// as an unsigned number, is below `fraction · 2⁶⁴`. If that leaves one side empty, one document
/// moves there (the one whose hash is nearest), provided that there are two different ones.
///
/// @param threshold hashes below it (unsigned) are held out
record HeldOut(long threshold) {

    /// Hashes of the documents of a part, as far as the split needs them.
    ///
    /// @param seen whether there was any document
    /// @param lowest the lowest hash (unsigned)
    /// @param highest the highest hash (unsigned)
    record Hashes(boolean seen, long lowest, long highest) {
        static final Hashes NONE = new Hashes(false, -1, 0);

        Hashes add(long hash) {
            return new Hashes(
                    true,
                    Long.compareUnsigned(hash, lowest) < 0 ? hash : lowest,
                    Long.compareUnsigned(hash, highest) > 0 ? hash : highest);
        }
    }

    /// The split of a part.
    ///
    /// @param fraction part to hold out, 0 (nothing at all) up to but not 1
    /// @param hashes the hashes of the part's documents
    static HeldOut of(double fraction, Hashes hashes) {
        if (!(fraction >= 0 && fraction < 1)) {
            throw new IllegalArgumentException("heldOut must be in [0, 1), got " + fraction);
        }
        long threshold = (long) (fraction * 0x1p63) << 1;
        if (fraction > 0 && hashes.lowest() != hashes.highest()) {
            if (Long.compareUnsigned(threshold, hashes.lowest()) <= 0) {
                threshold = hashes.lowest() + 1;
            } else if (Long.compareUnsigned(threshold, hashes.highest()) > 0) {
                threshold = hashes.highest();
            }
        }
        return new HeldOut(hashes.seen() ? threshold : 0);
    }

    /// The split of a part, whose documents are all read.
    static HeldOut of(double fraction, Corpus.Documents documents) {
        var hashes = new Hashes[] {Hashes.NONE};
        documents.forEach(d -> hashes[0] = hashes[0].add(Mixing.hash(d.text())));
        return of(fraction, hashes[0]);
    }

    /// Whether a document is held out.
    boolean contains(Document document) {
        return Long.compareUnsigned(Mixing.hash(document.text()), threshold) < 0;
    }
}
