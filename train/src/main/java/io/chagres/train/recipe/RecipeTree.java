package io.chagres.train.recipe;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// The tree of a recipe with the flags put in, checked against the table of keys. Values are read
/// from here: a flag's or the file's, else the preset's, else the key's default.
final class RecipeTree {
    private static final Pattern SOURCE_KEY =
            Pattern.compile(
                    "data\\.sources\\.([0-9]{1,6})\\.(%s)"
                            .formatted(String.join("|", SourceReader.KEYS)));

    /// Entries of a list come after the list, and in order, so that they can be appended.
    private static final Comparator<String> LISTS_FIRST =
            Comparator.comparingInt(RecipeTree::sourceIndex).thenComparing(path -> path);

    private final String file;
    private final Node.Mapping root;
    private final Set<String> flags;
    private Map<String, String> preset = Map.of();

    /// @throws RecipeException when a key does not exist or a value does not fit its key
    RecipeTree(String file, Node root, Map<String, String> flags) {
        this.file = file;
        this.flags = Set.copyOf(flags.keySet());
        this.root =
                switch (root) {
                    case Node.Mapping mapping -> mapping;
                    case Node.Nothing _ -> Node.Mapping.empty();
                    case Node.Scalar _, Node.Sequence _ ->
                            throw new RecipeException(
                                    file,
                                    "",
                                    file + ": expected a group of keys, got " + root.describe());
                };
        flags.keySet().stream()
                .sorted(LISTS_FIRST)
                .forEach(path -> set(path, flags.getOrDefault(path, "")));
        checkNames("", this.root);
        Keys.ALL.forEach(this::checkValue);
    }

    /// The number in a flag such as `data.sources.2.weight`, -1 for other flags.
    private static int sourceIndex(String path) {
        Matcher matcher = SOURCE_KEY.matcher(path);
        return matcher.matches() ? Integer.parseInt(matcher.group(1)) : -1;
    }

    /// Fills in what neither file nor flags give.
    void usePreset(Map<String, String> values) {
        preset = values;
    }

    /// Whether the file or a flag gives the key a value.
    boolean isGiven(RecipeKey<?> key) {
        return find(key.path()) != null;
    }

    /// The value of a key from the file, a flag or the preset or by default.
    ///
    /// @throws IllegalStateException when there is none at all: ask [#optional] for such a key
    <T> T get(RecipeKey<T> key) {
        return optional(key)
                .orElseThrow(() -> new IllegalStateException("no value and no default: " + key));
    }

    /// The value of a key, empty when there is none.
    <T> Optional<T> optional(RecipeKey<T> key) {
        Node node = find(key.path());
        if (node != null) {
            return Optional.of(key.type().read(node, where(key.path())));
        }
        String text = preset.get(key.path());
        return Optional.ofNullable(text)
                .or(key::defaultValue)
                .map(value -> key.type().read(key.type().parse(value, file), where(key.path())));
    }

    /// The place of a key for error messages.
    Where where(String path) {
        return new Where(path, this::origin);
    }

    /// The flag that gave a value, or a list that it is in; otherwise the file.
    private String origin(String path) {
        for (String p = path; !p.isEmpty(); p = p.substring(0, Math.max(0, p.lastIndexOf('.')))) {
            if (flags.contains(p)) {
                return "--" + p;
            }
        }
        return file;
    }

    private @Nullable Node find(String path) {
        Node node = root;
        for (String name : path.split("\\.", -1)) {
            node = node instanceof Node.Mapping mapping ? mapping.entries().get(name) : null;
        }
        return node instanceof Node.Nothing ? null : node;
    }

    private void checkNames(String group, Node.Mapping mapping) {
        Set<String> names = new LinkedHashSet<>();
        String prefix = group.isEmpty() ? "" : group + ".";
        for (String path : Keys.PATHS) {
            if (path.startsWith(prefix)) {
                names.add(path.substring(prefix.length()).split("\\.", 2)[0]);
            }
        }
        mapping.entries()
                .forEach((name, child) -> {
                    if (!names.contains(name)) {
                        throw Unknown.key(name, where(group), names, Keys.PATHS);
                    }
                    String path = prefix + name;
                    if (!Keys.PATHS.contains(path)) {
                        switch (child) {
                            case Node.Mapping inner -> checkNames(path, inner);
                            case Node.Nothing _ -> {}
                            case Node.Scalar _, Node.Sequence _ ->
                                    throw where(path).expected("a group of keys", child);
                        }
                    }
                });
    }

    private void checkValue(RecipeKey<?> key) {
        Node node = find(key.path());
        if (node != null) {
            var _ = key.type().read(node, where(key.path()));
        }
    }

    /// Puts a flag's value into the tree.
    private void set(String path, String text) {
        if (!Keys.PATHS.contains(path) && sourceIndex(path) < 0) {
            throw Unknown.flag(path, Keys.PATHS);
        }
        Where where = where(path);
        Node value =
                Keys.ALL.stream()
                        .filter(key -> key.path().equals(path))
                        .findFirst()
                        .map(key -> key.type().parse(text, where.file()))
                        .orElse(new Node.Scalar(text));
        List<String> names = List.of(path.split("\\.", -1));
        Node node = root;
        for (int i = 0; i < names.size(); i++) {
            boolean last = i == names.size() - 1;
            boolean listNext = !last && Character.isDigit(names.get(i + 1).charAt(0));
            Node fresh = listNext ? new Node.Sequence(new ArrayList<>()) : Node.Mapping.empty();
            node = child(node, names.get(i), last ? value : fresh, last, where);
        }
    }

    /// The child of a node, which `fresh` becomes where there is none or `replace` is set.
    private static Node child(Node node, String name, Node fresh, boolean replace, Where where) {
        return switch (node) {
            case Node.Mapping(Map<String, Node> entries) -> {
                Node there = entries.get(name);
                if (replace || there == null || there instanceof Node.Nothing) {
                    entries.put(name, fresh);
                    yield fresh;
                }
                yield there;
            }
            case Node.Sequence(List<Node> items) -> {
                int index = Integer.parseInt(name);
                if (index > items.size()) {
                    throw where.error("the list has only " + items.size() + " entries");
                }
                if (index == items.size()) {
                    items.add(fresh);
                }
                yield items.get(index);
            }
            case Node.Scalar _, Node.Nothing _ ->
                    throw where.expected("a group of keys to put it in", node);
        };
    }
}
