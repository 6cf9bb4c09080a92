package io.chagres.kernels.gpu.kernel;

import io.chagres.kernels.gpu.driver.CudaDevice;
import io.chagres.kernels.gpu.driver.CudaFunction;
import io.chagres.kernels.gpu.driver.Launch;
import io.chagres.tensor.DType;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.op.Affine;
import io.chagres.tensor.op.Binary;
import io.chagres.tensor.op.Compare;
import io.chagres.tensor.op.Unary;

/// Functions of single elements: `unary.cu`, `affine.cu`, `binary.cu`, `cast.cu`, and `select` of
/// `move.cu`.
public final class Elementwise {
    private static final int THREADS = 256;

    private final CudaDevice device;
    private final Family<DType> unary;
    private final Family<DType> affine;
    private final Family<DType> binary;
    private final Family<DType> compare;
    private final Family<DType> cast;
    private final Family<DType> select;

    /// Kernels of a device.
    public Elementwise(Programs programs) {
        device = programs.device();
        unary = programs.perType("unary", "unary");
        affine = programs.perType("affine", "affine");
        binary = programs.perType("binary", "binary");
        compare = programs.perType("binary", "compare");
        cast = programs.perType("cast", "cast");
        select = programs.perWidth("move", "select");
    }

    private interface Rest {
        void add(Launch launch);
    }

    private void each(CudaFunction f, Rest rest, Tensor y, Tensor... in) {
        Operand to = Operand.of(y);
        Operand[] all = new Operand[in.length + 1];
        long[][] strides = new long[all.length][];
        for (int i = 0; i < in.length; i++) {
            all[i] = Operand.of(in[i]);
            strides[i] = all[i].to(y.shape());
        }
        all[in.length] = to;
        strides[in.length] = to.strides();
        Walk.of(y.shape().toArray(), strides)
                .forEach((walk, from) -> {
                    Launch launch = walk.addTo(device.launch(f));
                    for (int i = 0; i < all.length; i++) {
                        launch.add(all[i].at(from[i]));
                    }
                    rest.add(launch);
                    launch.run(walk.blocks(), 1, 1, THREADS, 0);
                });
    }

    /// y = f(x).
    public void unary(Unary op, Tensor x, Tensor y) {
        each(unary.of(x.dtype()), l -> l.add(op.ordinal()), y, x);
    }

    /// y = k·x + b.
    public void affine(Affine op, Tensor x, Tensor y) {
        CudaFunction f = affine.of(x.dtype());
        if (x.dtype().isFloat()) {
            each(f, l -> l.add(op.k()).add(op.b()), y, x);
        } else {
            each(f, l -> l.add((long) op.k()).add((long) op.b()), y, x);
        }
    }

    /// y = f(a, b).
    public void binary(Binary op, Tensor a, Tensor b, Tensor y) {
        each(binary.of(a.dtype()), l -> l.add(op.ordinal()).add(device.fault()), y, a, b);
    }

    /// Whether a relation holds.
    public void compare(Compare op, Tensor a, Tensor b, Tensor y) {
        each(compare.of(a.dtype()), l -> l.add(op.ordinal()), y, a, b);
    }

    /// Another dtype.
    public void cast(Tensor x, Tensor y) {
        each(cast.of(x.dtype()), l -> l.add(y.dtype().ordinal()), y, x);
    }

    /// One of two values.
    public void select(Tensor condition, Tensor a, Tensor b, Tensor y) {
        each(select.of(y.dtype()), l -> {}, y, condition, a, b);
    }
}
