package io.chagres.bench.peers;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import io.chagres.bench.Library;
import io.chagres.bench.Prepared;
import io.chagres.bench.Task;
import io.chagres.bench.TokenizerWorkload;
import io.chagres.bench.Unsupported;
import io.chagres.nn.text.Tokenizer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;

/// Hugging Face's own tokenizers, called through DJL: they encode, after both were found to give
/// the same ids.
public final class Djl implements Library {
    /// Starts it.
    public static final class Provider implements Library.Provider {
        /// Made by [java.util.ServiceLoader].
        public Provider() {}

        @Override
        public String name() {
            return "djl";
        }

        @Override
        public Library open(int threads) {
            System.setProperty("ai.djl.offline", "true");
            System.setProperty("OPT_OUT_TRACKING", "true");
            return new Djl();
        }
    }

    private Djl() {}

    @Override
    public Prepared prepare(Task task) {
        if (!task.workload().equals("tokenizer") || !task.op().equals("encode")) {
            throw new Unsupported("DJL encodes text");
        }
        Tokenizer ours = TokenizerWorkload.trained(task);
        String text = String.join("\n", TokenizerWorkload.texts(task.dims()[1]));
        HuggingFaceTokenizer theirs = open(ours);
        int[] expected = ours.encode(text);
        int[] ids =
                Arrays.stream(theirs.encode(text, true, false).getIds())
                        .mapToInt(Math::toIntExact)
                        .toArray();
        if (!Arrays.equals(ids, expected)) {
            throw new IllegalStateException(
                    "the libraries differ from token " + Arrays.mismatch(ids, expected) + " on");
        }
        return new Prepared() {
            @Override
            public void run() {
                theirs.encode(text, true, false);
            }

            @Override
            public void close() {
                theirs.close();
            }
        };
    }

    private static HuggingFaceTokenizer open(Tokenizer ours) {
        try {
            Path folder = Files.createTempDirectory("tokenizer");
            try {
                ours.save(folder);
                return HuggingFaceTokenizer.newInstance(
                        folder.resolve("tokenizer.json"),
                        Map.of("truncation", "false", "padding", "false"));
            } finally {
                try (var files = Files.newDirectoryStream(folder)) {
                    for (Path file : files) {
                        Files.delete(file);
                    }
                }
                Files.delete(folder);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        // the library stays loaded until the process ends
    }
}
