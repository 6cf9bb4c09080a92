package io.chagres.nn.prune;

import io.chagres.nn.attention.AttentionKind;
import io.chagres.nn.attention.HashedAttention;
import io.chagres.nn.attention.LatentAttention;
import io.chagres.nn.attention.SelfAttention;
import io.chagres.nn.layer.Modules;
import io.chagres.nn.moe.MixtureOfExperts;
import io.chagres.nn.moe.Mlp;
import io.chagres.nn.moe.MoeConfig;
import io.chagres.nn.prune.Site.Part;
import io.chagres.nn.transformer.Block;
import io.chagres.nn.transformer.Transformer;
import io.chagres.nn.transformer.TransformerConfig;
import io.chagres.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/// Finds the units of a model and what belongs to them.
final class Sites {
    private final Reduction reduction;
    private final TransformerConfig config;
    private final Map<String, Tensor> tensors;
    private final List<Site> found = new ArrayList<>();

    private Sites(Transformer model, Reduction reduction) {
        this.reduction = reduction;
        config = model.config();
        tensors = Modules.state(model);
    }

    /// The sites of a reduction.
    ///
    /// @throws IllegalArgumentException naming a layer whose weights are no plain matrices
    static List<Site> of(Transformer model, Reduction reduction) {
        Sites sites = new Sites(model, reduction);
        for (int i = 0; i < model.blocks().size(); i++) {
            sites.block("blocks." + i + ".", model.blocks().get(i));
        }
        for (int i = 0; i < model.nextTokens().size(); i++) {
            sites.block("nextTokens." + i + ".block.", model.nextTokens().get(i).block());
        }
        return sites.found;
    }

    private void block(String path, Block block) {
        switch (reduction.unit()) {
            case HEADS -> heads(path + "attention", block);
            case NEURONS -> {
                switch (block.mlp()) {
                    case Mlp mlp -> mlp(path + "mlp", mlp, reduction.config().intermediateSize());
                    case MixtureOfExperts mixture -> innerNeurons(path + "mlp", mixture);
                }
            }
            case EXPERTS -> {
                if (block.mlp() instanceof MixtureOfExperts) {
                    experts(path + "mlp");
                }
            }
        }
    }

    private void heads(String path, Block block) {
        int heads = config.numHeads();
        int left = reduction.after();
        List<Part> parts = new ArrayList<>();
        switch (block.attention()) {
            case SelfAttention a when reduction.wholeGroups() -> {
                int groups = config.numKvHeads();
                int width = heads / groups * a.headDim();
                linear(parts, path + ".q", 0, width);
                linear(parts, path + ".k", 0, a.headDim());
                linear(parts, path + ".v", 0, a.headDim());
                linear(parts, path + ".o", 1, width);
                add(path, groups, 1, left * groups / heads, parts);
            }
            case SelfAttention a -> {
                linear(parts, path + ".q", 0, a.headDim());
                linear(parts, path + ".o", 1, a.headDim());
                add(path, heads, config.numKvHeads(), left, parts);
            }
            case HashedAttention a -> {
                linear(parts, path + ".qk", 0, a.headDim());
                linear(parts, path + ".v", 0, a.headDim());
                linear(parts, path + ".o", 1, a.headDim());
                add(path, heads, 1, left, parts);
            }
            case LatentAttention a -> {
                AttentionKind.Latent sizes = a.sizes();
                linear(parts, path + ".q", 0, sizes.queryDim());
                linear(parts, path + ".kv", 0, sizes.plainDim() + sizes.valueDim());
                linear(parts, path + ".o", 1, sizes.valueDim());
                add(path, heads, 1, left, parts);
            }
        }
    }

    private void mlp(String path, Mlp mlp, int left) {
        List<Part> parts = new ArrayList<>();
        if (mlp instanceof Mlp.Gated) {
            linear(parts, path + ".gate", 0, 1);
        }
        linear(parts, path + ".up", 0, 1);
        linear(parts, path + ".down", 1, 1);
        add(path, Math.toIntExact(tensor(path + ".down.weight").dim(1)), 1, left, parts);
    }

    private void innerNeurons(String path, MixtureOfExperts mixture) {
        MoeConfig smaller = Objects.requireNonNull(reduction.config().moe());
        String experts = path + ".experts";
        Tensor down = tensor(experts + ".down");
        for (int e = 0; e < down.dim(0); e++) {
            List<Part> parts =
                    List.of(
                            new Part(experts + ".gate", e, 0, 1),
                            new Part(experts + ".up", e, 0, 1),
                            new Part(experts + ".down", e, 1, 1));
            int width = Math.toIntExact(down.dim(2));
            add(experts + "." + e, width, 1, smaller.intermediateSize(), parts);
        }
        Mlp.Gated shared = mixture.shared();
        if (shared != null) {
            mlp(path + ".shared", shared, smaller.intermediateSize() * smaller.sharedExperts());
        }
    }

    private void experts(String path) {
        MoeConfig moe = Objects.requireNonNull(config.moe());
        List<Part> parts = new ArrayList<>();
        parts.add(new Part(path + ".router.weight", 0, 1));
        String correction = path + ".router.correction.value";
        if (tensors.containsKey(correction)) {
            parts.add(new Part(correction, 0, 1));
        }
        parts.add(new Part(path + ".experts.gate", 0, 1));
        parts.add(new Part(path + ".experts.up", 0, 1));
        parts.add(new Part(path + ".experts.down", 0, 1));
        add(path, moe.experts(), moe.routing().groups(), reduction.after(), parts);
    }

    /// A layer's matrix, and its bias where the units are its outputs.
    private void linear(List<Part> parts, String path, int axis, int width) {
        if (axis == 0 && tensors.containsKey(path + ".bias")) {
            parts.add(new Part(path + ".bias", 0, width));
        }
        parts.add(new Part(path + ".weight", axis, width));
    }

    private void add(String name, int units, int groups, int keep, List<Part> parts) {
        parts.forEach(part -> tensor(part.path()));
        found.add(new Site(name, units, groups, keep, List.copyOf(parts)));
    }

    private Tensor tensor(String path) {
        Tensor t = tensors.get(path);
        if (t == null) {
            throw new IllegalArgumentException(
                    path + ": no plain matrix; prune a model before it is quantised or adapted");
        }
        return t;
    }
}
