package io.chagres.train.recipe;

import io.chagres.train.recipe.Range.Between;
import io.chagres.train.recipe.Range.Choice;
import io.chagres.train.recipe.Range.Scale;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Reads and writes the ranges of a search: `{train.learning_rate: {log_uniform: [1e-4, 3e-3]}}`.
final class SearchReader {
    private static final String CHOICE = "choice";
    private static final String UNIFORM = "uniform";
    private static final String LOG_UNIFORM = "log_uniform";
    private static final Set<String> KINDS = Set.of(CHOICE, UNIFORM, LOG_UNIFORM);

    /// Keys whose values make losses that cannot be compared, or decide nothing, or are what the
    /// search itself decides.
    private static final List<String> REFUSED =
            List.of(
                    "tune.",
                    "tokenizer.",
                    "output",
                    "tensorboard",
                    "data.sources",
                    "data.held_out",
                    "data.format",
                    "data.chat_template",
                    "data.loss_on",
                    "train.steps",
                    "train.threads",
                    "train.eval_every",
                    "train.eval_batches",
                    "train.early_stop_patience",
                    "train.keep_best",
                    "train.save_every",
                    "train.sample_every",
                    "train.sample_prompts");

    private static final ValueType<Double> NUMBER =
            ValueType.number(-Double.MAX_VALUE, Double.MAX_VALUE);

    private SearchReader() {}

    static Map<String, Range> read(Node node, Where where) {
        if (!(node instanceof Node.Mapping(Map<String, Node> entries))) {
            throw where.expected("a group of keys with ranges", node);
        }
        Map<String, Range> search = new LinkedHashMap<>();
        entries.forEach((path, range) -> {
            RecipeKey<?> key =
                    Keys.ALL.stream()
                            .filter(k -> k.path().equals(path))
                            .findFirst()
                            .orElseThrow(() -> Unknown.key(path, where, Keys.PATHS, Keys.PATHS));
            Where at = where.child(path);
            if (REFUSED.stream()
                    .anyMatch(no -> path.equals(no) || (no.endsWith(".") && path.startsWith(no)))) {
                throw at.error("cannot be searched: trials could not be compared by their losses");
            }
            search.put(path, range(range, key, at));
        });
        return search;
    }

    private static Range range(Node node, RecipeKey<?> key, Where where) {
        if (!(node instanceof Node.Mapping(Map<String, Node> entries)) || entries.size() != 1) {
            throw where.expected(
                    "{choice: [...]}, {uniform: [low, high]} or {log_uniform: [low, high]}", node);
        }
        Map.Entry<String, Node> only = entries.entrySet().iterator().next();
        String kind = only.getKey();
        if (!KINDS.contains(kind)) {
            throw Unknown.key(kind, where, List.of(CHOICE, UNIFORM, LOG_UNIFORM), List.of());
        }
        Where at = where.child(kind);
        if (!(only.getValue() instanceof Node.Sequence(List<Node> items)) || items.isEmpty()) {
            throw at.expected("a list of values", only.getValue());
        }
        if (kind.equals(CHOICE)) {
            List<String> values = new ArrayList<>();
            for (Node item : items) {
                Where place = at.child(String.valueOf(values.size()));
                values.add(checked(text(item, place), key, place));
            }
            return new Choice(values);
        }
        if (items.size() != 2) {
            throw at.error("expected two numbers, the least and the greatest");
        }
        double low = end(items.get(0), key, at.child("0"));
        double high = end(items.get(1), key, at.child("1"));
        if (!(low < high)) {
            throw at.error("the first number must be below the second");
        }
        Scale scale = kind.equals(LOG_UNIFORM) ? Scale.LOG : Scale.LINEAR;
        if (scale == Scale.LOG && !(low > 0)) {
            throw at.error("a logarithmic range begins above 0");
        }
        boolean whole =
                low == Math.rint(low)
                        && high == Math.rint(high)
                        && !takes(key, Double.toString(Math.floor((low + high) / 2) + 0.5));
        return new Between(low, high, scale, whole);
    }

    private static double end(Node node, RecipeKey<?> key, Where where) {
        double value = NUMBER.read(node, where);
        String _ = checked(text(node, where), key, where);
        return value;
    }

    /// A value as a flag would give it.
    private static String text(Node node, Where where) {
        return switch (node) {
            case Node.Scalar(String text) -> text;
            case Node.Sequence(List<Node> items) -> {
                List<String> texts = new ArrayList<>();
                for (Node item : items) {
                    String one = text(item, where);
                    texts.add('"' + one.replace("\\", "\\\\").replace("\"", "\\\"") + '"');
                }
                yield "[" + String.join(", ", texts) + "]";
            }
            case Node.Mapping _, Node.Nothing _ -> throw where.expected("a value", node);
        };
    }

    private static String checked(String text, RecipeKey<?> key, Where where) {
        try {
            var _ = key.type().read(key.type().parse(text, where.file()), where);
        } catch (RecipeException e) {
            throw where.expected(key.expected(), new Node.Scalar(text));
        }
        return text;
    }

    private static boolean takes(RecipeKey<?> key, String text) {
        try {
            var _ = key.type().read(new Node.Scalar(text), new Where(key.path(), p -> ""));
            return true;
        } catch (RecipeException e) {
            return false;
        }
    }

    static Object write(Map<String, Range> search) {
        Map<String, Object> all = new LinkedHashMap<>();
        search.forEach((key, range) -> all.put(key, write(range)));
        return all;
    }

    private static Map<String, Object> write(Range range) {
        return switch (range) {
            case Choice(List<String> values) -> Map.of(CHOICE, values);
            case Between(double low, double high, Scale scale, boolean whole) ->
                    Map.of(
                            scale == Scale.LOG ? LOG_UNIFORM : UNIFORM,
                            whole
                                    ? List.of(Math.round(low), Math.round(high))
                                    : List.of(low, high));
        };
    }
}
