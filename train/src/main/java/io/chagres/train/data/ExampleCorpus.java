package io.chagres.train.data;

import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

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

    private final Split<Example> split;
    private final Options options;

    private ExampleCorpus(Split<Example> split, Options options) {
        this.split = split;
        this.options = options;
    }

    /// Reads and encodes examples.
    ///
    /// @throws DataException when a file is missing or malformed
    /// @throws io.chagres.tensor.io.JsonException when an example is, naming file, line and field
    public static ExampleCorpus prepare(
            List<Source> sources, ExampleEncoder encoder, Options options) {
        List<String> domains = sources.stream().map(Source::domain).distinct().toList();
        ExampleDigest digest = new ExampleDigest();
        digest.add(FORMAT);
        digest.add("%s %d %s".formatted(options.heldOut, options.mostTokens, options.packed));
        List<Shuffled.Part<Example>> parts = new ArrayList<>();
        List<Example> heldOut = new ArrayList<>();
        long cut = 0;
        long dropped = 0;
        for (Source source : sources) {
            digest.add(source.domain());
            List<ExampleEncoder.Encoded> all = new ArrayList<>();
            ExampleFiles.forEach(
                    source, json -> all.add(encoder.encode(options.format.read(json))));
            HeldOut side = side(options.heldOut, all);
            List<Example> train = new ArrayList<>();
            for (ExampleEncoder.Encoded e : all) {
                digest.add(e);
                Example example = e.example(options.mostTokens, domains.indexOf(source.domain()));
                cut += example.ids().length < e.ids().length ? 1 : 0;
                if (example.targets() < 1 || example.valid() == 0) {
                    dropped++;
                } else {
                    boolean held = side.contains(new Document(e.text(), source.domain()));
                    (held ? heldOut : train).add(example);
                }
            }
            parts.add(new Shuffled.Part<>(source.weight(), List.copyOf(train)));
        }
        return new ExampleCorpus(
                new Split<>(
                        parts,
                        heldOut,
                        domains,
                        HexFormat.of().formatHex(digest.end()),
                        encoder.eosId(),
                        cut,
                        dropped),
                options);
    }

    private static HeldOut side(double fraction, List<ExampleEncoder.Encoded> all) {
        HeldOut.Hashes hashes = HeldOut.Hashes.NONE;
        for (ExampleEncoder.Encoded e : all) {
            hashes = hashes.add(Mixing.hash(e.text()));
        }
        return HeldOut.of(fraction, hashes);
    }

    @Override
    public String key() {
        return split.key();
    }

    @Override
    public List<String> domains() {
        return split.domains();
    }

    @Override
    public long trainTargets() {
        return split.trained(Example::valid);
    }

    @Override
    public long heldOutTargets() {
        return split.held(Example::valid);
    }

    /// Examples that were longer than allowed and have lost their end.
    public long cut() {
        return split.cut();
    }

    /// Examples that were left out, because nothing in them is to be predicted.
    public long dropped() {
        return split.dropped();
    }

    @Override
    public BatchSource trainBatches(int sequenceLength, int batchSize, long seed) {
        return new ExampleBatches(
                new Shuffled<>(split.parts(), seed),
                options.packed ? Math.multiplyExact(sequenceLength, batchSize) : 0,
                batchSize,
                split.filler());
    }

    @Override
    public Iterable<Batch> heldOutBatches(int sequenceLength, int batchSize, int maxBatches) {
        return Portions.of(
                split.heldOut(), batchSize, maxBatches, some -> Batch.padded(some, split.filler()));
    }
}
