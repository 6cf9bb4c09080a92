package io.chagres.nn.text.decode;

import io.chagres.nn.text.chars.ByteAlphabet;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;

/// Reads tokens as the bytes their alphabet characters stand for, and those as UTF-8; what is not
/// valid UTF-8 becomes U+FFFD. A token with any other character stands for its own UTF-8.
public final class ByteLevelDecoder implements Decoder {
    @Override
    public List<String> apply(List<String> tokens) {
        var bytes = new ByteArrayOutputStream();
        for (String token : tokens) {
            bytes.writeBytes(bytesOf(token));
        }
        return List.of(bytes.toString(StandardCharsets.UTF_8));
    }

    /// The bytes one token stands for.
    public static byte[] bytesOf(String token) {
        byte[] bytes = new byte[token.length()];
        for (int i = 0; i < bytes.length; i++) {
            int b = ByteAlphabet.byteOf(token.charAt(i));
            if (b < 0) {
                return token.getBytes(StandardCharsets.UTF_8);
            }
            bytes[i] = (byte) b;
        }
        return bytes;
    }
}
