package io.chagres.train.recipe;

import io.chagres.nn.loss.Distillation;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// The keys of distillation, part of the table of [Keys], and how they are read.
final class DistillationKeys {
    private static final double TEMPERATURE_DEFAULT = 2;
    private static final double ALPHA_DEFAULT = 0.5;
    private static final Pattern PAIR = Pattern.compile("([0-9]{1,6})=([0-9]{1,6})");
    private static final List<RecipeKey<?>> TABLE = new ArrayList<>();

    static final RecipeKey<String> TEACHER =
            key(
                    "teacher",
                    ValueType.text("the folder of a model"),
                    "Model to learn from besides the text; it has the same vocabulary, which a new"
                            + " model then takes from it.",
                    DistillationRecipe::teacher);
    static final RecipeKey<Double> TEMPERATURE =
            key(
                    "temperature",
                    ValueType.positive(1e3),
                    "What the logits of both are divided by before they are compared; by default"
                            + " 2.",
                    d -> d.settings().temperature());
    static final RecipeKey<Double> ALPHA =
            key(
                    "alpha",
                    ValueType.number(0, 1),
                    "Weight of the teacher's predictions; that of the text is 1 - alpha. By default"
                            + " 0.5.",
                    d -> d.settings().alpha());
    static final RecipeKey<List<String>> HIDDEN_STATES =
            key(
                    "hidden_states",
                    ValueType.texts(),
                    "Hidden states to match through a learned projection, such as 2=4 for what"
                            + " layer 2 of the student and layer 4 of the teacher give; by default"
                            + " none.",
                    d -> written(d.settings().pairs()));
    static final RecipeKey<Double> HIDDEN_WEIGHT =
            key(
                    "hidden_weight",
                    ValueType.positive(1e6),
                    "Weight of the mean square between matched hidden states; by default 1.",
                    d -> d.settings().pairs().isEmpty() ? null : d.settings().hiddenWeight());

    /// All of them, in order.
    static final List<RecipeKey<?>> ALL = List.copyOf(TABLE);

    private DistillationKeys() {}

    private static <T> RecipeKey<T> key(
            String name,
            ValueType<T> type,
            String description,
            Function<DistillationRecipe, @Nullable T> value) {
        var key =
                new RecipeKey<T>(
                        "distillation." + name,
                        type,
                        null,
                        description,
                        r -> {
                            DistillationRecipe there = r.distillation();
                            return there == null ? null : value.apply(there);
                        });
        TABLE.add(key);
        return key;
    }

    private static @Nullable List<String> written(List<Distillation.Pair> pairs) {
        return pairs.isEmpty()
                ? null
                : pairs.stream().map(p -> p.student() + "=" + p.teacher()).toList();
    }

    /// The teacher of a recipe; null for none.
    static @Nullable DistillationRecipe read(RecipeTree tree) {
        String teacher = tree.optional(TEACHER).orElse(null);
        if (teacher == null) {
            for (RecipeKey<?> key : ALL) {
                if (tree.isGiven(key)) {
                    throw tree.where(key.path()).error("needs distillation.teacher");
                }
            }
            return null;
        }
        List<Distillation.Pair> pairs = new ArrayList<>();
        for (String pair : tree.optional(HIDDEN_STATES).orElse(List.of())) {
            Matcher numbers = PAIR.matcher(pair.strip());
            if (!numbers.matches()) {
                throw tree.where(HIDDEN_STATES.path())
                        .error("'" + pair + "' is not STUDENT=TEACHER, such as 2=4");
            }
            pairs.add(new Distillation.Pair(number(numbers, 1), number(numbers, 2)));
        }
        if (pairs.isEmpty() && tree.isGiven(HIDDEN_WEIGHT)) {
            throw tree.where(HIDDEN_WEIGHT.path()).error("needs distillation.hidden_states");
        }
        return new DistillationRecipe(
                teacher,
                new Distillation.Settings(
                        tree.optional(TEMPERATURE).orElse(TEMPERATURE_DEFAULT),
                        tree.optional(ALPHA).orElse(ALPHA_DEFAULT),
                        pairs.isEmpty() ? 0 : tree.optional(HIDDEN_WEIGHT).orElse(1.0),
                        pairs));
    }

    private static int number(Matcher matcher, int group) {
        return Integer.parseInt(Objects.requireNonNull(matcher.group(group)));
    }
}
