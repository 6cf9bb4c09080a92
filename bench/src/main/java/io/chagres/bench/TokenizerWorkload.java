package io.chagres.bench;

import io.chagres.nn.text.BpeTrainer;
import io.chagres.nn.text.Tokenizer;
import io.chagres.tensor.backend.Backend;
import io.chagres.train.data.WordNet;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/// A byte-level BPE tokenizer on WordNet's definitions: `train` makes one, `encode` uses it. The
/// sizes are the vocabulary and the bytes of text; one thread works.
public final class TokenizerWorkload implements Workload {
    private static final int VOCABULARY = 8192;
    private static final int TRAINED_ON = 10_000_000;
    private static final int ENCODED = 1_000_000;

    /// Made once, in [Workloads].
    TokenizerWorkload() {}

    @Override
    public String name() {
        return "tokenizer";
    }

    @Override
    public String unit() {
        return "mb_per_second";
    }

    @Override
    public double work(Task task) {
        return 1e-6 * task.dims()[1];
    }

    @Override
    public List<Task> tasks(Choice choice) {
        return List.of(
                new Task(name(), "encode", VOCABULARY + "x" + ENCODED, "utf8"),
                new Task(name(), "train", VOCABULARY + "x" + TRAINED_ON, "utf8"));
    }

    @Override
    public Prepared prepare(Backend backend, int threads, Task task) {
        List<String> texts = texts(task.dims()[1]);
        if (task.op().equals("train")) {
            return prepared(() -> train(task, texts));
        }
        Tokenizer tokenizer = trained(task);
        String text = String.join("\n", texts);
        return prepared(() -> tokenizer.encode(text));
    }

    /// The tokenizer that `encode` uses.
    public static Tokenizer trained(Task task) {
        return train(task, texts(TRAINED_ON));
    }

    /// Definitions of that many bytes in UTF-8, or all there are, and then the first again.
    public static List<String> texts(int bytes) {
        List<String> all = new ArrayList<>();
        new WordNet(true, "").forEach(document -> all.add(document.text()));
        List<String> texts = new ArrayList<>();
        int length = 0;
        for (int i = 0; length < bytes; i++) {
            String text = all.get(i % all.size());
            texts.add(text);
            length += text.getBytes(StandardCharsets.UTF_8).length + 1;
        }
        return texts;
    }

    private static Tokenizer train(Task task, List<String> texts) {
        return BpeTrainer.create(task.dims()[0]).train(texts);
    }

    private static Prepared prepared(Runnable run) {
        return new Prepared() {
            @Override
            public void run() {
                run.run();
            }

            @Override
            public void close() {}
        };
    }
}
