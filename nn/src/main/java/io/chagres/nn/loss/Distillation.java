package io.chagres.nn.loss;

import io.chagres.nn.UnsupportedModel;
import io.chagres.nn.layer.Linear;
import io.chagres.nn.transformer.Transformer;
import io.chagres.nn.transformer.TransformerConfig;
import io.chagres.tensor.Scope;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.memory.TensorArena;
import io.chagres.tensor.op.Compare;
import io.chagres.tensor.op.CrossEntropy;
import io.chagres.tensor.op.Full;
import io.chagres.tensor.op.KlDivergence;
import io.chagres.tensor.random.Rng;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Training a student to do as a teacher does: with temperature T and mixing weight α its loss is
/// (1 - α) · cross-entropy + α T² · KL(softmax(teacher / T) ‖ softmax(student / T)) + w · Σ mean
/// squares of W h - h', over pairs of hidden states h of the student and h' of the teacher, each
/// with a learned projection W. All are means over the targets that count.
///
/// Hinton, Vinyals and Dean 2015, arXiv:1503.02531; hidden states as in Jiao et al. 2020,
/// arXiv:1909.10351. The two models may differ in all but their vocabulary.
///
/// @param teacher the model that knows; nothing flows back into it
/// @param settings temperature and weights
/// @param projections one per pair of hidden states: student's width → teacher's
public record Distillation(Transformer teacher, Settings settings, List<Linear> projections) {
    /// What the names of its parameters begin with.
    public static final String PREFIX = "distillation.";

    /// The name of the part T² · KL.
    public static final String DIVERGENCE = "distillation_loss";

    /// The name of the part of hidden states.
    public static final String HIDDEN = "hidden_loss";

    /// Hidden states that are to be alike. State 0 is the embedding's, state i that after layer i;
    /// the last one is taken after the final norm, as Hugging Face counts.
    ///
    /// @param student the student's
    /// @param teacher the teacher's
    public record Pair(int student, int teacher) {}

    /// Temperature and weights.
    ///
    /// @param temperature T, above 0
    /// @param alpha α, 0 to 1
    /// @param hiddenWeight w, 0 or above
    /// @param pairs hidden states that are to be alike; none where w is 0
    public record Settings(
            double temperature, double alpha, double hiddenWeight, List<Pair> pairs) {
        /// Copies the list.
        public Settings {
            pairs = List.copyOf(pairs);
        }
    }

    /// What the teacher has to say of a batch.
    ///
    /// @param from the distillation it belongs to
    /// @param logits (B, T, vocabulary); null where α is 0
    /// @param hidden its hidden states, (B, T, its width), in the order of the pairs
    public record Lesson(Distillation from, @Nullable Tensor logits, List<Tensor> hidden) {}

    /// The parts that are added to next-token prediction, and the weighted whole.
    record Parts(Tensor total, Map<String, Tensor> named) {}

    /// A distillation with fresh projections, uniform in ±1/√(student's width).
    ///
    /// @param student the student's architecture
    /// @param weights where the projections go
    /// @param seed of their random numbers
    /// @throws UnsupportedModel when the vocabularies differ, or a hidden state does not exist
    public static Distillation of(
            Transformer teacher,
            TransformerConfig student,
            Settings settings,
            TensorArena weights,
            long seed) {
        TransformerConfig known = teacher.config();
        if (known.vocabSize() != student.vocabSize()) {
            throw new UnsupportedModel(
                    "teacher and student must have the same vocabulary: the teacher has %,d tokens,"
                                    .formatted(known.vocabSize())
                            + " the student %,d".formatted(student.vocabSize()));
        }
        List<Linear> projections = new ArrayList<>();
        Rng rng = new Rng(seed);
        for (Pair pair : settings.pairs) {
            check("student", pair.student, student);
            check("teacher", pair.teacher, known);
            Rng draw = rng.split();
            int in = student.hiddenSize();
            float[] values = new float[Math.multiplyExact(in, known.hiddenSize())];
            for (int i = 0; i < values.length; i++) {
                values[i] = (float) ((2 * draw.uniform(i) - 1) / Math.sqrt(in));
            }
            Shape shape = Shape.of(known.hiddenSize(), in);
            projections.add(new Linear(Tensor.of(weights, shape, values), null));
        }
        return new Distillation(teacher, settings, List.copyOf(projections));
    }

    private static void check(String who, int state, TransformerConfig config) {
        if (state < 0 || state > config.numLayers()) {
            throw new UnsupportedModel(
                    "the %s has no hidden state %d, only 0 to %d"
                            .formatted(who, state, config.numLayers()));
        }
    }

    /// What is trained beside the student, by name.
    public Map<String, Tensor> parameters() {
        Map<String, Tensor> named = new LinkedHashMap<>();
        for (int i = 0; i < projections.size(); i++) {
            named.put(PREFIX + "projections." + i + ".weight", projections.get(i).weight());
        }
        return named;
    }

    /// Whether the teacher is asked at all.
    public boolean isActive() {
        return settings.alpha > 0 || !settings.pairs.isEmpty();
    }

    /// Asks the teacher, without dropout. Only what is returned stays in the arena.
    public Lesson lesson(Transformer.Input in) {
        var plain =
                new Transformer.Input(in.ids(), in.positions(), in.mask(), in.cuSeqlens(), 0, null);
        Tensor[] found =
                Scope.ofAll(() -> {
                    States states = new States();
                    Tensor last = teacher.hidden(plain, states::add);
                    List<Tensor> all = new ArrayList<>();
                    settings.pairs.forEach(pair -> all.add(states.get(pair.teacher)));
                    if (settings.alpha > 0) {
                        all.add(teacher.project(last));
                    }
                    return all.toArray(Tensor[]::new);
                });
        int pairs = settings.pairs.size();
        return new Lesson(
                this, settings.alpha > 0 ? found[pairs] : null, List.of(found).subList(0, pairs));
    }

    /// Mixes next-token prediction with what the teacher says.
    ///
    /// @param nextToken the part of next-token prediction
    /// @param logits the student's, (B, T, vocabulary)
    /// @param states the student's hidden states
    /// @param targets I32 (B, T); -100 leaves a position out
    /// @param tokens valid targets of the whole step
    static Parts mix(
            Lesson lesson,
            Tensor nextToken,
            Tensor logits,
            States states,
            Tensor targets,
            long tokens) {
        Settings settings = lesson.from.settings;
        Map<String, Tensor> named = new LinkedHashMap<>();
        Tensor flat = targets.reshape(-1);
        Tensor valid = flat.compare(Compare.NE, Full.scalar(flat.dtype(), CrossEntropy.IGNORE));
        Tensor total = nextToken;
        Tensor known = lesson.logits;
        double alpha = settings.alpha;
        if (known != null) {
            double t = settings.temperature;
            long v = logits.shape().last();
            Tensor apart =
                    KlDivergence.klDivergence(logits.reshape(-1, v), known.reshape(-1, v), t);
            Tensor divergence = mean(apart, valid, tokens).scale(t * t);
            named.put(DIVERGENCE, divergence);
            Tensor part = divergence.scale(alpha);
            total = alpha == 1 ? part : nextToken.scale(1 - alpha).add(part);
        }
        Tensor hidden = null;
        for (int i = 0; i < settings.pairs.size(); i++) {
            Tensor own = states.get(settings.pairs.get(i).student);
            Tensor mapped = lesson.from.projections.get(i).apply(own);
            Tensor apart = mapped.sub(lesson.hidden.get(i)).square().mean(-1).reshape(-1);
            Tensor mean = mean(apart, valid, tokens);
            hidden = hidden == null ? mean : hidden.add(mean);
        }
        if (hidden != null) {
            named.put(HIDDEN, hidden);
            total = total.add(hidden.scale(settings.hiddenWeight));
        }
        return new Parts(total, named);
    }

    private static Tensor mean(Tensor rows, Tensor valid, long tokens) {
        return valid.select(rows, Full.zerosLike(rows)).sum().scale(1.0 / tokens);
    }

    /// Hidden states as a model shows them.
    static final class States {
        private final List<Tensor> all = new ArrayList<>();

        void add(Tensor state) {
            all.add(state);
        }

        Tensor get(int index) {
            return Objects.requireNonNull(all.get(index));
        }
    }
}
