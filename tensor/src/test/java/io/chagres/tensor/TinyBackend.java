package io.chagres.tensor;

import io.chagres.tensor.backend.Backend;
import io.chagres.tensor.backend.Kernels;
import io.chagres.tensor.memory.HostMemory;
import io.chagres.tensor.memory.MemorySource;
import io.chagres.tensor.op.Affine;
import io.chagres.tensor.op.Binary;
import io.chagres.tensor.op.Copy;
import io.chagres.tensor.op.Primitive;
import java.util.ArrayList;
import java.util.List;

/// Enough of a backend for tests of what is above backends: k·x + b, sums of like tensors, copies.
final class TinyBackend implements Backend {
    final List<Primitive> ran = new ArrayList<>();
    private final Kernels kernels;

    TinyBackend() {
        this(new Kernels());
    }

    TinyBackend(Kernels kernels) {
        this.kernels = kernels;
    }

    @Override
    public String name() {
        return "tiny";
    }

    @Override
    public String describe() {
        return "tiny";
    }

    @Override
    public MemorySource memory() {
        return HostMemory.INSTANCE;
    }

    @Override
    public Kernels kernels() {
        return kernels;
    }

    @Override
    public void run(Primitive op, Tensor[] in, Tensor[] out) {
        ran.add(op);
        double[] x = in[0].toDoubles();
        if (op instanceof Affine a) {
            for (int i = 0; i < x.length; i++) {
                x[i] = a.k() * x[i] + a.b();
            }
        } else if (op == Binary.ADD) {
            double[] y = in[1].toDoubles();
            for (int i = 0; i < x.length; i++) {
                x[i] += y[i];
            }
        } else if (!(op instanceof Copy)) {
            throw new UnsupportedOperationException(op.toString());
        }
        for (int i = 0; i < x.length; i++) {
            long at = out[0].layout().index(i);
            TensorData.put(out[0].storage().segment(), out[0].dtype(), at, x[i]);
        }
    }

    @Override
    public void close() {}
}
