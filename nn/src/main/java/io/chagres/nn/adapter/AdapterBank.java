package io.chagres.nn.adapter;

import io.chagres.nn.UnsupportedModel;
import io.chagres.nn.layer.Buffer;
import io.chagres.nn.layer.Modules;
import io.chagres.nn.layer.Projection;
import io.chagres.nn.transformer.Transformer;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.TensorData;
import io.chagres.tensor.memory.TensorArena;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Several adapters around one base in one model, for use: each row of a batch chooses its own. The
/// base's weights are shared; the adapters' are copied side by side when the bank is made, so a
/// later change of an adapter does not show.
///
/// Chen et al. 2023 (Punica), arXiv:2310.18547.
public final class AdapterBank {
    /// The choice of no adapter.
    public static final int NONE = -1;

    private final Transformer model;
    private final Tensor choice;
    private final int[] chosen;
    private final int adapters;

    private AdapterBank(Transformer model, Tensor choice, int adapters) {
        this.model = model;
        this.choice = choice;
        this.chosen = new int[Math.toIntExact(choice.dim(0))];
        this.adapters = adapters;
    }

    /// A bank of LoRA and DoRA adapters.
    ///
    /// @param maxRows most rows of a batch
    /// @param weights where the copies go
    /// @param step arena for intermediate results
    /// @throws UnsupportedModel when an adapter changes more than linear layers
    public static AdapterBank of(
            Transformer base,
            List<LoraAdapter> adapters,
            int maxRows,
            TensorArena weights,
            TensorArena step) {
        if (adapters.isEmpty() || maxRows < 1) {
            throw new IllegalArgumentException(
                    "a bank of %d adapters for %d rows".formatted(adapters.size(), maxRows));
        }
        List<Map<String, Projection>> adapted = new ArrayList<>();
        Set<String> paths = new LinkedHashSet<>();
        for (LoraAdapter adapter : adapters) {
            Map<String, Projection> own = adapted(adapter, base);
            adapted.add(own);
            paths.addAll(own.keySet());
        }
        Tensor choice = Tensor.of(weights, Shape.of(maxRows), new int[maxRows]);
        Map<String, BankLinear> made = new LinkedHashMap<>();
        for (String path : paths) {
            List<@Nullable Projection> each = new ArrayList<>();
            adapted.forEach(own -> each.add(own.get(path)));
            made.put(path, new Row(each).bank(weights, step, new Buffer(choice)));
        }
        Transformer model =
                Modules.mapAt(base, (path, part) -> made.containsKey(path) ? made.get(path) : part);
        AdapterBank bank = new AdapterBank(model, choice, adapters.size());
        bank.choose();
        return bank;
    }

    private static Map<String, Projection> adapted(LoraAdapter adapter, Transformer base) {
        if (!adapter.config().modulesToSave().isEmpty()) {
            throw new UnsupportedModel(
                    "rows of a batch cannot choose whole modules: an adapter has modules_to_save");
        }
        Map<String, Projection> found = new LinkedHashMap<>();
        Modules.mapAt(
                adapter.attach(base),
                (path, part) -> {
                    switch (part) {
                        case LoraLinear l -> found.put(path, l);
                        case DoraLinear d -> found.put(path, d);
                        case LoraExperts _ ->
                                throw new UnsupportedModel(
                                        "rows of a batch cannot choose adapters of experts");
                        default -> {}
                    }
                    return part;
                });
        return found;
    }

    /// The model; see [#choose].
    public Transformer model() {
        return model;
    }

    /// Says which adapter each row of the next batches uses.
    ///
    /// @param rows numbers of adapters in the order they were given, or [#NONE], which is also what
    ///   further rows use
    public void choose(int... rows) {
        if (rows.length > chosen.length) {
            throw new IllegalArgumentException(
                    "%d rows, the bank is for %d".formatted(rows.length, chosen.length));
        }
        Arrays.fill(chosen, adapters);
        for (int i = 0; i < rows.length; i++) {
            if (rows[i] < NONE || rows[i] >= adapters) {
                throw new IllegalArgumentException(
                        "row %d: there is no adapter %d of %d".formatted(i, rows[i], adapters));
            }
            chosen[i] = rows[i] == NONE ? adapters : rows[i];
        }
        TensorData.set(choice, chosen);
    }

    /// The adapters of one linear layer, null for those that leave it alone.
    private record Row(List<@Nullable Projection> each) {
        BankLinear bank(TensorArena weights, TensorArena step, Buffer choice) {
            int n = each.size();
            Projection base = null;
            long rank = 0;
            boolean dora = false;
            for (Projection p : each) {
                if (p != null) {
                    base = base(p);
                    rank = Math.max(rank, low(p).a().dim(0));
                    dora |= p instanceof DoraLinear;
                }
            }
            if (base == null) {
                throw new IllegalStateException("no adapter");
            }
            int r = Math.toIntExact(rank);
            int in = Math.toIntExact(base.inFeatures());
            int out = Math.toIntExact(base.outFeatures());
            float[] a = new float[n * r * in];
            float[] b = new float[n * out * r];
            float[] factors = new float[(n + 1) * out];
            Arrays.fill(factors, 1);
            for (int i = 0; i < n; i++) {
                Projection p = each.get(i);
                if (p == null) {
                    continue;
                }
                if (p instanceof DoraLinear d) {
                    float[] own = step.call(() -> d.ratio().toFloats());
                    System.arraycopy(own, 0, factors, i * out, out);
                }
                float[] ownA = low(p).a().toFloats();
                System.arraycopy(ownA, 0, a, i * r * in, ownA.length);
                float[] ownB = step.call(() -> low(p).someB().toFloats());
                int ranks = ownB.length / out;
                for (int k = 0; k < ownB.length; k++) {
                    int row = k / ranks;
                    double scaled = low(p).scale() * factors[i * out + row] * ownB[k];
                    b[(i * out + row) * r + k % ranks] = (float) scaled;
                }
            }
            return new BankLinear(
                    base,
                    new Buffer(Tensor.of(weights, Shape.of(n, r, in), a)),
                    new Buffer(Tensor.of(weights, Shape.of(n, out, r), b)),
                    dora ? new Buffer(Tensor.of(weights, Shape.of(n + 1, out), factors)) : null,
                    choice);
        }

        private static Projection base(Projection p) {
            return p instanceof DoraLinear d ? d.base() : ((LoraLinear) p).base();
        }

        private static LowRank low(Projection p) {
            return p instanceof DoraLinear d ? d.low() : ((LoraLinear) p).low();
        }
    }
}
