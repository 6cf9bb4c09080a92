package io.chagres.autograd;

import io.chagres.tensor.Tensor;
import java.util.IdentityHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The tensors a tape differentiates through, and how often each leaf is used.
final class Tracked {
    /// A tensor whose gradient was asked for.
    private static final class Leaf {
        final int index;
        int uses;

        Leaf(int index) {
            this.index = index;
        }
    }

    /// Called with a leaf and its position among those asked for.
    interface LeafAction {
        void accept(Tensor leaf, int index);
    }

    private static final Leaf NO_LEAF = new Leaf(-1);

    private final Map<Tensor, Leaf> tensors = new IdentityHashMap<>();

    void addLeaf(Tensor t, int index) {
        if (!t.dtype().isFloat()) {
            throw new IllegalArgumentException(
                    "tensor " + index + " " + t.spec() + " has no gradient: it is not a float");
        }
        if (tensors.put(t, new Leaf(index)) != null) {
            throw new IllegalArgumentException(
                    "tensor " + index + " " + t.spec() + " is asked for twice");
        }
    }

    void add(Tensor t) {
        tensors.put(t, NO_LEAF);
    }

    void remove(Tensor t) {
        tensors.remove(t);
    }

    boolean contains(Tensor t) {
        return tensors.containsKey(t);
    }

    /// Which inputs are tracked; null when none is.
    boolean @Nullable [] needs(Tensor... in) {
        boolean[] needs = null;
        for (int i = 0; i < in.length; i++) {
            if (tensors.containsKey(in[i])) {
                if (needs == null) {
                    needs = new boolean[in.length];
                }
                needs[i] = true;
            }
        }
        return needs;
    }

    void countUses(Tensor... in) {
        for (Tensor t : in) {
            Leaf leaf = tensors.get(t);
            if (leaf != null && leaf != NO_LEAF) {
                leaf.uses++;
            }
        }
    }

    void uncountUses(Tensor[] in, LeafAction lastUse) {
        for (Tensor t : in) {
            Leaf leaf = tensors.get(t);
            if (leaf != null && leaf != NO_LEAF && --leaf.uses == 0) {
                lastUse.accept(t, leaf.index);
            }
        }
    }
}
