package io.chagres.nn.text.model;

import java.util.HexFormat;

/// The tokens `<0x00>` … `<0xFF>` by which SentencePiece vocabularies write bytes.
public final class ByteTokens {
    private static final HexFormat HEX = HexFormat.of().withUpperCase();

    private ByteTokens() {}

    /// Ids of the 256 byte tokens; [Vocabulary#NONE] for those that are missing.
    public static int[] find(Vocabulary vocabulary) {
        int[] ids = new int[256];
        for (int b = 0; b < 256; b++) {
            ids[b] = vocabulary.id("<0x" + HEX.toHexDigits((byte) b) + ">");
        }
        return ids;
    }

    /// The byte (0 to 255) that a token writes, or -1 when it is no byte token.
    public static int byteOf(String token) {
        if (token.length() != 6 || !token.startsWith("<0x") || token.charAt(5) != '>') {
            return -1;
        }
        boolean hex =
                HexFormat.isHexDigit(token.charAt(3)) && HexFormat.isHexDigit(token.charAt(4));
        return hex ? HexFormat.fromHexDigits(token, 3, 5) : -1;
    }
}
