package io.chagres.train.data;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/// SHA-256 of what decides examples.
final class ExampleDigest {
    private final MessageDigest digest;

    ExampleDigest() {
        try {
            digest = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    void add(ExampleEncoder.Encoded e) {
        int[] ids = e.ids();
        ByteBuffer bytes = ByteBuffer.allocate(Integer.BYTES * (ids.length + 1) + ids.length);
        bytes.putInt(ids.length);
        for (int i = 0; i < ids.length; i++) {
            bytes.putInt(ids[i]).put((byte) (e.wanted()[i] ? 1 : 0));
        }
        digest.update(bytes.flip());
    }

    void add(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        digest.update(ByteBuffer.allocate(Integer.BYTES).putInt(0, bytes.length));
        digest.update(bytes);
    }

    byte[] end() {
        return digest.digest();
    }
}
