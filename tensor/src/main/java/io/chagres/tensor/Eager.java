package io.chagres.tensor;

import io.chagres.tensor.backend.Backend;
import io.chagres.tensor.backend.Kernel;
import io.chagres.tensor.memory.Storage;
import io.chagres.tensor.memory.TensorArena;
import io.chagres.tensor.op.Composite;
import io.chagres.tensor.op.Copy;
import io.chagres.tensor.op.Op;
import io.chagres.tensor.op.Primitive;
import io.chagres.tensor.op.Update;
import io.chagres.tensor.op.View;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// Evaluates operations at once: views by changing the layout, primitives by the backend,
/// composites by a kernel where the backend has one and by their decomposition otherwise.
///
/// @param backend what computes
/// @param arena where results go, whatever arena the inputs are in
public record Eager(Backend backend, TensorArena arena) implements Interpreter {
    private static final Storage[] NO_STORAGE = {};
    private static final Tensor[] NO_TENSOR = {};

    @Override
    public Tensor[] apply(Op op, Spec[] specs, Tensor... in) {
        for (Tensor t : in) {
            t.storage().check(op);
            if (t.storage().arena().source() != arena.source()) {
                throw new IllegalArgumentException(
                        op
                                + ": a tensor of arena '"
                                + t.storage().arena().name()
                                + "' lives on "
                                + t.storage().arena().source().name()
                                + ", the operation runs on "
                                + arena.source().name()
                                + "; move it with copyTo(arena)");
            }
        }
        return switch (op) {
            case View view -> new Tensor[] {in[0].viewAs(view.view(in[0].layout()))};
            case Primitive p -> {
                Tensor[] out = allocate(op, specs);
                backend.run(p, in, out);
                yield out;
            }
            case Composite c -> composite(c, specs, in);
            case Update u -> update(u, in);
        };
    }

    private Tensor[] composite(Composite op, Spec[] specs, Tensor[] in) {
        Kernel<Composite> kernel = backend.kernels().find(op, in);
        if (kernel != null) {
            Tensor[] out = allocate(op, specs);
            launch(kernel, op, in, out);
            return out;
        }
        int mark = arena.mark();
        Tensor[] out = call(() -> op.decompose(in));
        check(op, specs, out);
        Storage[] keep = new Storage[out.length];
        for (int i = 0; i < out.length; i++) {
            keep[i] = out[i].storage();
        }
        arena.release(mark, keep);
        return out;
    }

    private Tensor[] update(Update op, Tensor[] in) {
        Kernel<Update> kernel = backend.kernels().find(op, in);
        if (kernel != null) {
            launch(kernel, op, in, NO_TENSOR);
            return NO_TENSOR;
        }
        int mark = arena.mark();
        Tensor[] values = call(() -> op.decompose(in));
        int[] writes = op.writes();
        for (int i = 0; i < writes.length; i++) {
            backend.run(Copy.INSTANCE, new Tensor[] {values[i]}, new Tensor[] {in[writes[i]]});
        }
        arena.release(mark, NO_STORAGE);
        return NO_TENSOR;
    }

    private <O extends Op> void launch(Kernel<O> kernel, O op, Tensor[] in, Tensor[] out) {
        long bytes = kernel.scratchBytes(op, in);
        @Nullable Storage scratch = bytes > 0 ? arena.allocate(bytes, op) : null;
        kernel.run(op, in, out, scratch == null ? 0 : scratch.address());
        if (scratch != null) {
            arena.free(scratch);
        }
    }

    private Tensor[] allocate(Op op, Spec[] specs) {
        Tensor[] out = new Tensor[specs.length];
        for (int i = 0; i < out.length; i++) {
            out[i] = Tensor.allocate(arena, specs[i], op);
        }
        return out;
    }

    private static void check(Op op, Spec[] want, Tensor[] got) {
        Spec[] specs = new Spec[got.length];
        for (int i = 0; i < got.length; i++) {
            specs[i] = got[i].spec();
        }
        if (!Arrays.equals(want, specs)) {
            throw new IllegalStateException(
                    op
                            + ": infer says "
                            + Arrays.toString(want)
                            + ", decompose gives "
                            + Arrays.toString(specs));
        }
    }
}
