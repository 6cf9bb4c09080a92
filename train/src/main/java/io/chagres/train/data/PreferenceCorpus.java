package io.chagres.train.data;

import io.chagres.train.data.ExampleFormat.Content;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.function.Function;

/// Preferences to learn from, pairs of a chosen and a rejected answer, split into those that are
/// trained on and those held out. They are kept on the heap.
///
/// Whether a pair is held out depends on a hash of its prompt, so that answers to the same prompt
/// lie on the same side. A batch of n pairs has 2 n rows: those of all chosen answers, then those
/// of the rejected ones; only tokens of answers are targets.
public final class PreferenceCorpus implements TrainingData {
    private static final String FORMAT = "chagres preferences 1";

    private final Split<Preference> split;

    private PreferenceCorpus(Split<Preference> split) {
        this.split = split;
    }

    /// Reads and encodes preferences.
    ///
    /// @param encoder one for which only what the assistant writes is to be predicted
    /// @param heldOutPart part of the pairs that is held out, 0 up to but not 1
    /// @param mostTokens most tokens that are predicted of one text; what is beyond is cut off
    /// @throws DataException when a file is missing or malformed, or an example is no preference
    /// @throws io.chagres.tensor.io.JsonException when an example is, naming file, line and field
    public static PreferenceCorpus prepare(
            List<Source> sources, ExampleEncoder encoder, double heldOutPart, int mostTokens) {
        List<String> domains = sources.stream().map(Source::domain).distinct().toList();
        ExampleDigest digest = new ExampleDigest();
        digest.add(FORMAT);
        digest.add("%s %d".formatted(heldOutPart, mostTokens));
        List<Shuffled.Part<Preference>> parts = new ArrayList<>();
        List<Preference> heldOut = new ArrayList<>();
        long cut = 0;
        long dropped = 0;
        for (Source source : sources) {
            digest.add(source.domain());
            int domain = domains.indexOf(source.domain());
            List<Content.Preference> all = new ArrayList<>();
            ExampleFiles.forEach(
                    source,
                    json -> all.add((Content.Preference) ExampleFormat.PREFERENCE.read(json)));
            HeldOut side = side(heldOutPart, all);
            List<Preference> train = new ArrayList<>();
            for (Content.Preference p : all) {
                ExampleEncoder.Encoded chosen = encoder.encode(p.chosen());
                ExampleEncoder.Encoded rejected = encoder.encode(p.rejected());
                digest.add(chosen);
                digest.add(rejected);
                Example good = chosen.example(mostTokens, domain);
                Example bad = rejected.example(mostTokens, domain);
                cut += isCut(good, chosen) || isCut(bad, rejected) ? 1 : 0;
                if (good.valid() == 0 || bad.valid() == 0) {
                    dropped++;
                } else {
                    boolean held = side.contains(new Document(p.prompt(), source.domain()));
                    (held ? heldOut : train).add(new Preference(good, bad, null));
                }
            }
            parts.add(new Shuffled.Part<>(source.weight(), List.copyOf(train)));
        }
        return new PreferenceCorpus(
                new Split<>(
                        parts,
                        heldOut,
                        domains,
                        HexFormat.of().formatHex(digest.end()),
                        encoder.eosId(),
                        cut,
                        dropped));
    }

    private static boolean isCut(Example example, ExampleEncoder.Encoded whole) {
        return example.ids().length < whole.ids().length;
    }

    private static HeldOut side(double fraction, List<Content.Preference> all) {
        HeldOut.Hashes hashes = HeldOut.Hashes.NONE;
        for (Content.Preference p : all) {
            hashes = hashes.add(Mixing.hash(p.prompt()));
        }
        return HeldOut.of(fraction, hashes);
    }

    /// The same with the log-probabilities of a reference model, which is asked for one pair after
    /// the other.
    ///
    /// @param reference gives those of both rows of a batch of one pair
    public PreferenceCorpus withReference(Function<Batch, float[]> reference) {
        return new PreferenceCorpus(
                split.map(p -> {
                    float[] two = reference.apply(Batch.preferences(List.of(p), split.filler()));
                    return p.with(new Preference.Reference(two[0], two[1]));
                }));
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
        return split.trained(PreferenceCorpus::targets);
    }

    @Override
    public long heldOutTargets() {
        return split.held(PreferenceCorpus::targets);
    }

    private static long targets(Preference pair) {
        return pair.chosen().valid() + pair.rejected().valid();
    }

    /// Pairs with a text that was longer than allowed and has lost its end.
    public long cut() {
        return split.cut();
    }

    /// Pairs that were left out, because nothing is to be predicted in one of their texts.
    public long dropped() {
        return split.dropped();
    }

    @Override
    public BatchSource trainBatches(int sequenceLength, int batchSize, long seed) {
        var pairs = new Shuffled<>(split.parts(), seed);
        return new BatchSource() {
            @Override
            public Batch next() {
                List<Preference> some = new ArrayList<>();
                for (int i = 0; i < batchSize; i++) {
                    some.add(pairs.next());
                }
                return Batch.preferences(some, split.filler());
            }

            @Override
            public Cursor cursor() {
                return pairs.cursor();
            }

            @Override
            public void seek(Cursor cursor) {
                pairs.seek(cursor);
            }
        };
    }

    @Override
    public Iterable<Batch> heldOutBatches(int sequenceLength, int batchSize, int maxBatches) {
        return Portions.of(
                split.heldOut(),
                batchSize,
                maxBatches,
                some -> Batch.preferences(some, split.filler()));
    }
}
