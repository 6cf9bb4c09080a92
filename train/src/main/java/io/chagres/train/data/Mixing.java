package io.chagres.train.data;

/// Scrambling of 64-bit numbers: a bijection in which each input bit reaches every output bit
/// (David Stafford's mix 13 of the MurmurHash3 finaliser).
final class Mixing {
    private static final long GOLDEN = 0x9E3779B97F4A7C15L;

    private Mixing() {}

    static long mix(long x) {
        x = (x ^ (x >>> 30)) * 0xBF58476D1CE4E5B9L;
        x = (x ^ (x >>> 27)) * 0x94D049BB133111EBL;
        return x ^ (x >>> 31);
    }

    /// Mixes a second number into a first.
    static long mix(long x, long y) {
        return mix(mix(x + GOLDEN) ^ y);
    }

    /// A 64-bit hash of a text (FNV-1a over its UTF-16 units, then [#mix(long)]).
    static long hash(String text) {
        long h = 0xCBF29CE484222325L;
        for (int i = 0; i < text.length(); i++) {
            h = (h ^ text.charAt(i)) * 0x100000001B3L;
        }
        return mix(h);
    }
}
