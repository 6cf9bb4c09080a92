package io.chagres.train.metrics;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The metrics file of a run, `metrics.jsonl`: one JSON object per line, `{"step": 10, "loss": 3.2,
/// …}`, steps ascending.
///
/// Every line reaches the operating system in one write before [#append] returns, so a killed
/// process loses at most an incomplete last line. Values that are not finite are written as `null`,
/// since JSON has no NaN. Not safe for use by several threads.
public final class MetricsLog implements AutoCloseable {
    /// The usual name of the file in a run's folder.
    public static final String FILE_NAME = "metrics.jsonl";

    /// Steps done when the line was written; in every line.
    public static final String STEP = "step";

    /// Mean training loss per token, in nats.
    public static final String LOSS = "loss";

    /// Learning rate of the step.
    public static final String LEARNING_RATE = "learning_rate";

    /// Global norm of the gradients before clipping.
    public static final String GRADIENT_NORM = "gradient_norm";

    /// Training tokens seen so far.
    public static final String TOKENS = "tokens";

    /// Training speed.
    public static final String TOKENS_PER_SECOND = "tokens_per_second";

    /// Highest memory use of the arenas so far.
    public static final String PEAK_BYTES = "peak_bytes";

    /// Factor of the loss in this step, with precision fp16.
    public static final String LOSS_SCALE = "loss_scale";

    /// Steps left out so far because their gradients were not finite, with precision fp16.
    public static final String SKIPPED_STEPS = "skipped_steps";

    /// The part of the weights that may be pruned that is 0, when training prunes.
    public static final String SPARSITY = "sparsity";

    /// Entropy of the experts' loads over that of even ones, the mean over layers.
    public static final String ROUTER_EVENNESS = "router_evenness";

    /// Largest load of an expert over the mean one, of the least even layer.
    public static final String ROUTER_MAX_OVER_MEAN = "router_max_over_mean";

    /// Mean reward of chosen answers, with preferences; on held-out pairs [#heldOut] of it.
    public static final String REWARD_CHOSEN = "reward_chosen";

    /// Mean reward of rejected answers.
    public static final String REWARD_REJECTED = "reward_rejected";

    /// Mean difference of the two.
    public static final String REWARD_MARGIN = "reward_margin";

    /// Share of pairs whose chosen answer has the larger reward.
    public static final String REWARD_ACCURACY = "reward_accuracy";

    /// Mean loss per token on held-out text. Followed by `/` and a domain's name: of that domain.
    public static final String VALIDATION_LOSS = "validation_loss";

    /// Perplexity on held-out text.
    public static final String VALIDATION_PERPLEXITY = "validation_perplexity";

    /// Bits per byte on held-out text.
    public static final String BITS_PER_BYTE = "bits_per_byte";

    private static final ObjectMapper JSON = new ObjectMapper();

    private final Path file;
    // Not a FileChannel: that would close itself when its thread is interrupted.
    private final RandomAccessFile out;
    private long lastStep;

    private MetricsLog(Path file, RandomAccessFile out, long lastStep) {
        this.file = file;
        this.out = out;
        this.lastStep = lastStep;
    }

    /// The name of a metric of one domain: `name/domain`.
    public static String ofDomain(String name, String domain) {
        return name + "/" + domain;
    }

    /// The name of a metric on what is held out: `validation_name`.
    public static String heldOut(String name) {
        return "validation_" + name;
    }

    /// Starts a new, empty log; an existing file is emptied.
    public static MetricsLog create(Path file) throws IOException {
        return open(file, 0, -1);
    }

    /// Opens a log to go on after `step`: lines of later steps, and all that follows a damaged
    /// line, are cut off. A missing file is created.
    public static MetricsLog resume(Path file, long step) throws IOException {
        if (!Files.exists(file)) {
            return create(file);
        }
        long[] lengthAndStep = keep(file, step);
        return open(file, lengthAndStep[0], lengthAndStep[1]);
    }

    private static MetricsLog open(Path file, long length, long lastStep) throws IOException {
        var out = new RandomAccessFile(file.toFile(), "rw");
        try {
            out.setLength(length);
            out.seek(length);
        } catch (IOException e) {
            out.close();
            throw e;
        }
        return new MetricsLog(file, out, lastStep);
    }

    /// The number of leading bytes to keep, and the last step in them.
    private static long[] keep(Path file, long step) throws IOException {
        long kept = 0;
        long last = -1;
        try (InputStream in = new BufferedInputStream(Files.newInputStream(file))) {
            var line = new ByteArrayOutputStream();
            for (int b = in.read(); b >= 0; b = in.read()) {
                line.write(b);
                if (b == '\n') {
                    JsonNode entry = MetricsHistory.parse(line.toString(StandardCharsets.UTF_8));
                    if (entry == null || entry.path(STEP).longValue() > step) {
                        break;
                    }
                    last = entry.path(STEP).longValue();
                    kept += line.size();
                    line.reset();
                }
            }
        }
        return new long[] {kept, last};
    }

    /// Writes one line.
    ///
    /// @param step steps done so far, not lower than in the line before
    /// @param values numbers, strings or booleans by name, written in the map's order
    /// @throws IllegalArgumentException when the step goes back, a name is `step`, or a value has
    ///   another type
    public void append(long step, Map<String, ?> values) throws IOException {
        if (step < lastStep) {
            throw new IllegalArgumentException(
                    "%s: step %d after step %d".formatted(file, step, lastStep));
        }
        ObjectNode line = JSON.createObjectNode().put(STEP, step);
        values.forEach((name, value) -> put(line, name, value));
        out.write((line + "\n").getBytes(StandardCharsets.UTF_8));
        lastStep = step;
    }

    private void put(ObjectNode line, String name, @Nullable Object value) {
        if (name.equals(STEP)) {
            throw new IllegalArgumentException(file + ": '" + STEP + "' is no name for a metric");
        }
        switch (value) {
            case Integer i -> line.put(name, i);
            case Long l -> line.put(name, l);
            case Number n when Double.isFinite(n.doubleValue()) -> line.put(name, n.doubleValue());
            case Number _ -> line.putNull(name);
            case Boolean b -> line.put(name, b);
            case String s -> line.put(name, s);
            case null, default ->
                    throw new IllegalArgumentException(
                            "%s: metric '%s' is neither number, string nor boolean: %s"
                                    .formatted(file, name, value));
        }
    }

    /// Forces what has been written to the disk.
    public void sync() throws IOException {
        out.getFD().sync();
    }

    @Override
    public void close() throws IOException {
        out.close();
    }
}
