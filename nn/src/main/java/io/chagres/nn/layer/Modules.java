package io.chagres.nn.layer;

import io.chagres.tensor.Records;
import io.chagres.tensor.Tensor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.BiFunction;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/// Walks models. A module is a record; its tensors, its records and its lists of them are its
/// parts, and component names joined by dots are their paths, such as
/// `blocks.0.attention.q.weight`. Anything that is not a record, list or tensor is configuration
/// and left alone.
public final class Modules {
    private Modules() {}

    /// The tensors of a model that gradients train, by path, in the order of the components: all
    /// but those in a [Buffer]. A tensor that appears twice, as tied weights do, is listed once
    /// under its first path.
    public static Map<String, Tensor> parameters(Record model) {
        return walk(model, false);
    }

    /// All tensors of a model by path: [#parameters] and, among them, those in a [Buffer]. This is
    /// what a checkpoint stores.
    public static Map<String, Tensor> state(Record model) {
        return walk(model, true);
    }

    private static Map<String, Tensor> walk(Record model, boolean buffers) {
        Map<String, Tensor> found = new LinkedHashMap<>();
        walk(model, "", buffers, found, new IdentityHashMap<>());
        return found;
    }

    /// The tensors of a model as a list, in the order of [#parameters].
    public static List<Tensor> tensors(Record model) {
        return List.copyOf(parameters(model).values());
    }

    /// Number of elements of all parameters.
    public static long parameterCount(Record model) {
        return parameters(model).values().stream().mapToLong(t -> t.shape().size()).sum();
    }

    /// The model with every tensor replaced; a tensor that appears twice is replaced by the same
    /// one.
    public static <M extends Record> M mapTensors(M model, UnaryOperator<Tensor> change) {
        Map<Tensor, Tensor> done = new IdentityHashMap<>();
        return map(
                model,
                part -> {
                    if (!(part instanceof Tensor t)) {
                        return part;
                    }
                    Tensor known = done.get(t);
                    Tensor now = known == null ? change.apply(t) : known;
                    done.put(t, now);
                    return now;
                });
    }

    /// The model rebuilt bottom-up: `change` sees every tensor and every record, after its parts,
    /// and returns what takes its place.
    @SuppressWarnings("unchecked")
    public static <M extends Record> M map(M model, UnaryOperator<Object> change) {
        return (M) Objects.requireNonNull(rebuild(model, "", (path, part) -> change.apply(part)));
    }

    /// As [#map], for a change that depends on where a part is: it is given the path too.
    @SuppressWarnings("unchecked")
    public static <M extends Record> M mapAt(M model, BiFunction<String, Object, Object> change) {
        return (M) Objects.requireNonNull(rebuild(model, "", change));
    }

    private static void walk(
            @Nullable Object part,
            String path,
            boolean buffers,
            Map<String, Tensor> found,
            Map<Tensor, String> seen) {
        switch (part) {
            case Tensor t -> {
                if (seen.putIfAbsent(t, path) == null) {
                    found.put(path, t);
                }
            }
            case Buffer b when !buffers -> {}
            case Record r -> {
                List<String> names = Records.names(r.getClass());
                List<@Nullable Object> values = Records.values(r);
                for (int i = 0; i < names.size(); i++) {
                    walk(values.get(i), join(path, names.get(i)), buffers, found, seen);
                }
            }
            case List<?> list -> {
                for (int i = 0; i < list.size(); i++) {
                    walk(list.get(i), join(path, Integer.toString(i)), buffers, found, seen);
                }
            }
            case null, default -> {}
        }
    }

    private static @Nullable Object rebuild(
            @Nullable Object part, String path, BiFunction<String, Object, Object> change) {
        return switch (part) {
            case null -> null;
            case Tensor t -> change.apply(path, t);
            case Record r -> {
                List<String> names = Records.names(r.getClass());
                List<@Nullable Object> old = Records.values(r);
                List<@Nullable Object> values = new ArrayList<>();
                boolean same = true;
                for (int i = 0; i < old.size(); i++) {
                    Object n = rebuild(old.get(i), join(path, names.get(i)), change);
                    same &= n == old.get(i);
                    values.add(n);
                }
                yield change.apply(path, same ? r : Records.rebuild(r, values));
            }
            case List<?> list -> {
                List<@Nullable Object> values = new ArrayList<>();
                boolean same = true;
                for (int i = 0; i < list.size(); i++) {
                    Object n = rebuild(list.get(i), join(path, Integer.toString(i)), change);
                    same &= n == list.get(i);
                    values.add(n);
                }
                yield same ? list : Collections.unmodifiableList(values);
            }
            default -> part;
        };
    }

    private static String join(String path, String name) {
        return path.isEmpty() ? name : path + "." + name;
    }
}
