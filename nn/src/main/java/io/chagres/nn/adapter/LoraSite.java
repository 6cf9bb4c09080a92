package io.chagres.nn.adapter;

import io.chagres.nn.UnsupportedModel;
import io.chagres.nn.hf.HfNames;
import io.chagres.nn.layer.Modules;
import io.chagres.nn.layer.Projection;
import io.chagres.nn.moe.Experts;
import io.chagres.nn.transformer.Transformer;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/// A place in a model that gets a low-rank adapter: one linear layer as Hugging Face has it, which
/// may be several of ours joined, or one projection of all experts of a mixture.
///
/// @param modules Hugging Face's names: one, or one per expert
/// @param paths ours
/// @param rows rows of each of ours
/// @param in size of the input
/// @param experts number of experts; 0 for a linear layer
/// @param rank rank of the adapter
/// @param scale its factor
record LoraSite(
        List<String> modules,
        List<String> paths,
        List<Long> rows,
        long in,
        int experts,
        int rank,
        double scale) {
    private static final String WEIGHT = ".weight";
    private static final int SHOWN = 12;

    /// Rows of all of ours together.
    long out() {
        return rows.stream().mapToLong(Long::longValue).sum();
    }

    /// What its parameters' names begin with.
    String name() {
        return experts > 0 ? paths.getFirst() : modules.getFirst();
    }

    /// Shape of A.
    Shape a() {
        return experts > 0 ? Shape.of(experts, rank, in) : Shape.of(rank, in);
    }

    /// Shape of B.
    Shape b() {
        return experts > 0 ? Shape.of(experts, out(), rank) : Shape.of(out(), rank);
    }

    /// The places of a model that a config asks for, in the order of the model.
    ///
    /// @throws UnsupportedModel when there is none for a name, or an expert is to differ from the
    ///   others
    static List<LoraSite> find(Transformer base, LoraConfig config) {
        Map<String, Projection> linear = linear(base);
        Map<String, Tensor> experts = experts(base);
        List<LoraSite> sites = new ArrayList<>();
        Map<String, List<String>> mixtures = new LinkedHashMap<>();
        Set<String> known = new TreeSet<>();
        for (HfNames.Entry e : HfNames.of(base.config()).entries()) {
            if (e.copy() || !e.stored().endsWith(WEIGHT)) {
                continue;
            }
            String module = strip(e.stored());
            List<String> paths = e.paths();
            if (e.item() >= 0) {
                mixtures.computeIfAbsent(paths.getFirst(), p -> new ArrayList<>()).add(module);
                known.add(module);
            } else if (linear.containsKey(strip(paths.getFirst()))) {
                known.add(module);
                if (config.targets().include(module)) {
                    paths = paths.stream().map(LoraSite::strip).toList();
                    List<Projection> ours =
                            paths.stream()
                                    .map(path -> Objects.requireNonNull(linear.get(path), path))
                                    .toList();
                    sites.add(
                            new LoraSite(
                                    List.of(module),
                                    paths,
                                    ours.stream().map(Projection::outFeatures).toList(),
                                    ours.getFirst().inFeatures(),
                                    0,
                                    config.rankOf(module),
                                    config.scaleOf(module)));
                }
            }
        }
        mixtures.forEach((path, modules) -> {
            Tensor matrices = experts.get(path);
            if (modules.stream().anyMatch(config.targets()::include)) {
                if (matrices == null) {
                    throw new UnsupportedModel(
                            modules.getFirst() + ": experts of 8 bits take no adapters");
                }
                sites.add(mixture(path, modules, matrices.shape(), config));
            }
        });
        checkAllFound(sites, known, config);
        return List.copyOf(sites);
    }

    private static Map<String, Projection> linear(Transformer base) {
        Map<String, Projection> found = new LinkedHashMap<>();
        Modules.mapAt(
                base,
                (path, part) -> {
                    if (part instanceof Projection p) {
                        found.put(path, p);
                    }
                    return part;
                });
        return found;
    }

    private static Map<String, Tensor> experts(Transformer base) {
        Map<String, Tensor> found = new LinkedHashMap<>();
        Modules.mapAt(
                base,
                (path, part) -> {
                    if (part instanceof Experts e) {
                        found.put(path + ".gate", e.gate());
                        found.put(path + ".up", e.up());
                        found.put(path + ".down", e.down());
                    }
                    return part;
                });
        return found;
    }

    private static LoraSite mixture(
            String path, List<String> modules, Shape shape, LoraConfig config) {
        String first = modules.getFirst();
        for (String module : modules) {
            if (!config.targets().include(module)
                    || config.rankOf(module) != config.rankOf(first)
                    || config.scaleOf(module) != config.scaleOf(first)) {
                throw new UnsupportedModel(
                        "experts of a mixture are adapted alike: "
                                + module
                                + " differs in target_modules, rank_pattern or alpha_pattern");
            }
        }
        if (config.dora()) {
            throw new UnsupportedModel("use_dora: not for experts, such as " + first);
        }
        return new LoraSite(
                List.copyOf(modules),
                List.of(path),
                List.of(shape.dim(1)),
                shape.dim(2),
                Math.toIntExact(shape.dim(0)),
                config.rankOf(first),
                config.scaleOf(first));
    }

    /// An adapter that silently changes less than it was asked to would be hard to notice.
    private static void checkAllFound(List<LoraSite> sites, Set<String> known, LoraConfig config) {
        List<String> found = sites.stream().flatMap(s -> s.modules().stream()).toList();
        for (String name : config.targets().names()) {
            if (config.targets().pattern() == null
                    && found.stream().noneMatch(m -> Targets.endsInOneOf(m, List.of(name)))) {
                throw new UnsupportedModel(
                        "target_modules: no linear layer is called " + name + there(known));
            }
        }
        if (sites.isEmpty()) {
            throw new UnsupportedModel("target_modules: no linear layer matches" + there(known));
        }
    }

    private static String there(Set<String> known) {
        return known.stream()
                .map(m -> m.substring(m.lastIndexOf('.') + 1))
                .distinct()
                .limit(SHOWN)
                .collect(Collectors.joining(", ", "; there are ", ""));
    }

    private static String strip(String name) {
        return name.endsWith(WEIGHT) ? name.substring(0, name.length() - WEIGHT.length()) : name;
    }
}
