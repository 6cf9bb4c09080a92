package io.chagres.train.data;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.List;
import java.util.stream.IntStream;

/// Examples to learn from, each a text of its own, split into those that are trained on and those
/// held out. They are kept on the heap, 5 bytes a token.
///
/// An example is held out by a hash of its text, whatever its place, and the same text lies on the
/// same side wherever it occurs.
public final class ExampleCorpus implements TrainingData {
    private static final String FORMAT = "chagres examples 1";

    /// How examples become batches.
    ///
    /// @param format how they are written
    /// @param heldOut part that is held out, 0 up to but not 1
    /// @param mostTokens most tokens that are predicted of one; what is beyond is cut off
    /// @param packed whether examples share a row, without seeing each other
    public record Options(ExampleFormat format, double heldOut, int mostTokens, boolean packed) {}

    /// One source's examples.
    ///
    /// @param weight how often it is drawn from
    /// @param train those to train on
    record Part(double weight, List<Example> train) {}

    private final List<Part> parts;
    private final List<Example> heldOut;
    private final List<String> domains;
    private final String key;
    private final int filler;
    private final Options options;
    private final long cut;
    private final long dropped;

    private ExampleCorpus(
            List<Part> parts,
            List<Example> heldOut,
            List<String> domains,
            String key,
            int filler,
            Options options,
            long cut,
            long dropped) {
        this.parts = List.copyOf(parts);
        this.heldOut = List.copyOf(heldOut);
        this.domains = domains;
        this.key = key;
        this.filler = filler;
        this.options = options;
        this.cut = cut;
        this.dropped = dropped;
    }

    /// Reads and encodes examples.
    ///
    /// @throws DataException when a file is missing or malformed
    /// @throws io.chagres.tensor.io.JsonException when an example is, naming file, line and field
    public static ExampleCorpus prepare(
            List<Source> sources, ExampleEncoder encoder, Options options) {
        List<String> domains = sources.stream().map(Source::domain).distinct().toList();
        MessageDigest digest = sha256();
        update(digest, FORMAT);
        update(digest, "%s %d %s".formatted(options.heldOut, options.mostTokens, options.packed));
        List<Part> parts = new ArrayList<>();
        List<Example> heldOut = new ArrayList<>();
        long cut = 0;
        long dropped = 0;
        for (Source source : sources) {
            update(digest, source.domain());
            List<ExampleEncoder.Encoded> all = new ArrayList<>();
            ExampleFiles.forEach(
                    source, json -> all.add(encoder.encode(options.format.read(json))));
            HeldOut split = split(options.heldOut, all);
            List<Example> train = new ArrayList<>();
            for (ExampleEncoder.Encoded e : all) {
                update(digest, e);
                Example example = e.example(options.mostTokens, domains.indexOf(source.domain()));
                cut += example.ids().length < e.ids().length ? 1 : 0;
                if (example.targets() < 1 || example.valid() == 0) {
                    dropped++;
                } else {
                    boolean held = split.contains(new Document(e.text(), source.domain()));
                    (held ? heldOut : train).add(example);
                }
            }
            parts.add(new Part(source.weight(), List.copyOf(train)));
        }
        return new ExampleCorpus(
                parts,
                heldOut,
                domains,
                HexFormat.of().formatHex(digest.digest()),
                encoder.eosId(),
                options,
                cut,
                dropped);
    }

    private static HeldOut split(double fraction, List<ExampleEncoder.Encoded> all) {
        HeldOut.Hashes hashes = HeldOut.Hashes.NONE;
        for (ExampleEncoder.Encoded e : all) {
            hashes = hashes.add(Mixing.hash(e.text()));
        }
        return HeldOut.of(fraction, hashes);
    }

    private static void update(MessageDigest digest, ExampleEncoder.Encoded e) {
        int[] ids = e.ids();
        ByteBuffer bytes = ByteBuffer.allocate(Integer.BYTES * (ids.length + 1) + ids.length);
        bytes.putInt(ids.length);
        for (int i = 0; i < ids.length; i++) {
            bytes.putInt(ids[i]).put((byte) (e.wanted()[i] ? 1 : 0));
        }
        digest.update(bytes.flip());
    }

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

    @Override
    public String key() {
        return key;
    }

    @Override
    public List<String> domains() {
        return domains;
    }

    @Override
    public long trainTargets() {
        return parts.stream().flatMap(p -> p.train().stream()).mapToLong(Example::valid).sum();
    }

    @Override
    public long heldOutTargets() {
        return heldOut.stream().mapToLong(Example::valid).sum();
    }

    /// Examples that were longer than allowed and have lost their end.
    public long cut() {
        return cut;
    }

    /// Examples that were left out, because nothing in them is to be predicted.
    public long dropped() {
        return dropped;
    }

    @Override
    public BatchSource trainBatches(int sequenceLength, int batchSize, long seed) {
        return new ExampleBatches(
                parts.stream().filter(p -> !p.train().isEmpty()).toList(),
                options.packed ? Math.multiplyExact(sequenceLength, batchSize) : 0,
                batchSize,
                filler,
                seed);
    }

    @Override
    public Iterable<Batch> heldOutBatches(int sequenceLength, int batchSize, int maxBatches) {
        int n = heldOut.size();
        if (n == 0) {
            throw new DataException("there are no examples to make batches of");
        }
        int chosen = maxBatches == 0 ? n : (int) Math.min(n, (long) maxBatches * batchSize);
        return () -> {
            Iterator<Integer> firsts =
                    IntStream.iterate(0, i -> i < chosen, i -> i + batchSize).iterator();
            return new Iterator<>() {
                @Override
                public boolean hasNext() {
                    return firsts.hasNext();
                }

                @Override
                public Batch next() {
                    int first = firsts.next();
                    List<Example> some =
                            IntStream.range(first, Math.min(chosen, first + batchSize))
                                    .mapToObj(i -> heldOut.get((int) ((long) i * n / chosen)))
                                    .toList();
                    return Batch.padded(some, filler);
                }
            };
        };
    }
}
