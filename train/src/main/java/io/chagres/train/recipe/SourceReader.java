package io.chagres.train.recipe;

import io.chagres.train.data.Source;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Reads one entry of `data.sources`.
final class SourceReader {
    /// The keys of an entry.
    static final List<String> KEYS = List.of("path", "weight", "domain");

    private static final ValueType<String> PATH = ValueType.text("a path");
    private static final ValueType<String> DOMAIN = ValueType.text("a name");
    private static final ValueType<Double> WEIGHT = ValueType.positive(1e9);

    private SourceReader() {}

    /// A path alone, or a group of keys of which only `path` is needed.
    static Source read(Node node, Where where) {
        return switch (node) {
            case Node.Scalar _ -> Source.of(PATH.read(node, where));
            case Node.Mapping(Map<String, Node> entries) -> read(entries, where);
            case Node.Sequence _, Node.Nothing _ ->
                    throw where.expected("a path or {path, weight, domain}", node);
        };
    }

    private static Source read(Map<String, Node> entries, Where where) {
        for (String name : entries.keySet()) {
            if (!KEYS.contains(name)) {
                throw Unknown.key(name, where, KEYS, List.of());
            }
        }
        Node nothing = new Node.Nothing();
        String path = PATH.read(entries.getOrDefault("path", nothing), where.child("path"));
        Source plain = Source.of(path);
        Node weight = entries.getOrDefault("weight", nothing);
        Node domain = entries.getOrDefault("domain", nothing);
        return new Source(
                path,
                weight instanceof Node.Nothing
                        ? plain.weight()
                        : WEIGHT.read(weight, where.child("weight")),
                domain instanceof Node.Nothing
                        ? plain.domain()
                        : DOMAIN.read(domain, where.child("domain")));
    }

    /// The group of keys of a source.
    static Map<String, Object> write(Source source) {
        var entries = new LinkedHashMap<String, Object>();
        entries.put("path", source.path());
        entries.put("weight", source.weight());
        entries.put("domain", source.domain());
        return entries;
    }
}
