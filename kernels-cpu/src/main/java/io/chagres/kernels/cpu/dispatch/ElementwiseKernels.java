package io.chagres.kernels.cpu.dispatch;

import io.chagres.kernels.cpu.elementwise.BinaryOp;
import io.chagres.kernels.cpu.elementwise.Broadcast;
import io.chagres.kernels.cpu.elementwise.Convert;
import io.chagres.kernels.cpu.elementwise.Dropout;
import io.chagres.kernels.cpu.elementwise.Fill;
import io.chagres.kernels.cpu.elementwise.IntBinary;
import io.chagres.kernels.cpu.elementwise.Narrow;
import io.chagres.kernels.cpu.elementwise.StridedBinary;
import io.chagres.kernels.cpu.elementwise.UnaryOp;
import io.chagres.kernels.cpu.pool.WorkerPool;
import io.chagres.tensor.DType;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.backend.Kernel;
import io.chagres.tensor.backend.Kernels;
import io.chagres.tensor.op.Accumulate;
import io.chagres.tensor.op.Activation;
import io.chagres.tensor.op.ActivationBackward;
import io.chagres.tensor.op.Affine;
import io.chagres.tensor.op.Assign;
import io.chagres.tensor.op.Binary;
import io.chagres.tensor.op.Cast;
import io.chagres.tensor.op.SwiGlu;
import io.chagres.tensor.op.SwiGluBackward;
import io.chagres.tensor.op.Unary;
import org.jspecify.annotations.Nullable;

/// Element-wise operations by the kernels of the `elementwise` package. Each method of a primitive
/// says whether it took the work; the reference does what it did not.
final class ElementwiseKernels {
    private final WorkerPool pool;
    private final ScratchPool scratches;
    private final MovementKernels movement;

    ElementwiseKernels(WorkerPool pool, ScratchPool scratches, MovementKernels movement) {
        this.pool = pool;
        this.scratches = scratches;
        this.movement = movement;
    }

    void register(Kernels kernels) {
        kernels.add(Activation.class, (FloatKernel<Activation>) this::activation);
        kernels.add(
                ActivationBackward.class,
                (FloatKernel<ActivationBackward>) this::activationBackward);
        kernels.add(SwiGlu.class, (FloatKernel<SwiGlu>) this::swiGlu);
        kernels.add(SwiGluBackward.class, (FloatKernel<SwiGluBackward>) this::swiGluBackward);
        kernels.add(io.chagres.tensor.op.Dropout.class, new DropoutKernel());
        kernels.add(Accumulate.class, (DenseKernel<Accumulate>) this::accumulate);
        kernels.add(Assign.class, new AssignKernel());
    }

    boolean unary(Unary op, Tensor x, Tensor y) {
        UnaryOp kernel = kernel(op);
        if (kernel == null || !Operands.denseFloat(x)) {
            return false;
        }
        apply(kernel, x, y);
        return true;
    }

    private void apply(UnaryOp kernel, Tensor x, Tensor y) {
        long n = y.shape().size();
        if (x.dtype() == DType.F32) {
            io.chagres.kernels.cpu.elementwise.Unary.apply(
                    pool, kernel, x.address(), y.address(), n);
        } else {
            Narrow.unary(pool, kernel, x.dtype(), x.address(), y.address(), n);
        }
    }

    boolean binary(Binary op, Tensor a, Tensor b, Tensor y) {
        if (a.dtype() == DType.I32) {
            return integers(op, a, b, y);
        }
        BinaryOp kernel = kernel(op);
        if (kernel == null) {
            return false;
        }
        long size = y.shape().size();
        if (Operands.denseNarrow(a, b) && a.shape().size() == size && b.shape().size() == size) {
            apply(kernel, a, b, y);
            return true;
        }
        return Operands.dense(a, b) && spread(kernel, a, b, y) || strided(kernel, a, b, y);
    }

    /// Operands that are full, a row, a column or a number.
    private boolean spread(BinaryOp kernel, Tensor a, Tensor b, Tensor y) {
        Shape out = y.shape();
        long na = Operands.columns(a.shape(), out);
        long nb = Operands.columns(b.shape(), out);
        if (na < 0 || nb < 0 || (na > 0 && nb > 0 && na != nb)) {
            return false;
        }
        long n = Math.max(1, Math.max(na, nb) > 0 ? Math.max(na, nb) : out.size());
        Broadcast sa = Operands.spread(a.shape(), out, n);
        Broadcast sb = Operands.spread(b.shape(), out, n);
        if (sa == null || sb == null) {
            return false;
        }
        io.chagres.kernels.cpu.elementwise.Binary.apply(
                pool, kernel, a.address(), sa, b.address(), sb, y.address(), out.size() / n, n);
        return true;
    }

    /// F32 operands of any strides, as far as their last axes allow.
    private boolean strided(BinaryOp kernel, Tensor a, Tensor b, Tensor y) {
        Shape out = y.shape();
        if (a.dtype() != DType.F32
                || out.size() == 0
                || out.rank() == 0
                || out.rank() > StridedBinary.MAX_RANK) {
            return false;
        }
        return StridedBinary.apply(
                pool,
                kernel,
                a.address(),
                a.layout().expand(out).strides(),
                b.address(),
                b.layout().expand(out).strides(),
                y.address(),
                out.toArray());
    }

    /// A dense array of I32 with another or with a number.
    private boolean integers(Binary op, Tensor a, Tensor b, Tensor y) {
        IntBinary.Kind kind =
                switch (op) {
                    case ADD -> IntBinary.Kind.ADD;
                    case SUB -> IntBinary.Kind.SUB;
                    case MUL -> IntBinary.Kind.MUL;
                    case DIV -> IntBinary.Kind.DIV;
                    case MAX -> IntBinary.Kind.MAX;
                    case MIN -> IntBinary.Kind.MIN;
                    case POW -> null;
                };
        long n = y.shape().size();
        boolean one = b.shape().size() == 1;
        if (kind == null
                || !a.layout().isContiguous()
                || !b.layout().isContiguous()
                || a.shape().size() != n
                || !(one || b.shape().size() == n)) {
            return false;
        }
        IntBinary.apply(pool, kind, a.address(), b.address(), one, y.address(), n);
        return true;
    }

    /// Two full operands of the result's dtype.
    private void apply(BinaryOp kernel, Tensor a, Tensor b, Tensor y) {
        long n = y.shape().size();
        if (a.dtype() == DType.F32) {
            io.chagres.kernels.cpu.elementwise.Binary.apply(
                    pool, kernel, a.address(), b.address(), y.address(), n);
        } else {
            Narrow.binary(pool, kernel, a.dtype(), a.address(), b.address(), y.address(), n);
        }
    }

    boolean affine(Affine op, Tensor x, Tensor y) {
        if (Operands.denseNarrow(x)) {
            Narrow.affine(
                    pool,
                    x.dtype(),
                    x.address(),
                    y.address(),
                    (float) op.k(),
                    (float) op.b(),
                    y.shape().size());
            return true;
        }
        if (!Operands.dense(x)) {
            return false;
        }
        io.chagres.kernels.cpu.elementwise.Unary.affine(
                pool, x.address(), y.address(), (float) op.k(), (float) op.b(), y.shape().size());
        return true;
    }

    boolean cast(Cast op, Tensor x, Tensor y) {
        long n = y.shape().size();
        if (x.dtype() == op.to()) {
            return movement.copy(x, y);
        }
        Convert.Kind kind = kind(x.dtype(), op.to());
        if (kind == null) {
            return false;
        }
        if (x.layout().isContiguous()) {
            Convert.apply(pool, kind, x.address(), y.address(), n);
            return true;
        }
        try (ScratchPool.Lease lease = scratches.take(x.spec().bytes())) {
            boolean gathered = movement.gather(x, lease.address());
            if (gathered) {
                Convert.apply(pool, kind, lease.address(), y.address(), n);
            }
            return gathered;
        }
    }

    boolean full(double value, Tensor y) {
        if (y.dtype() != DType.F32) {
            return false;
        }
        Fill.fill(pool, y.address(), (float) value, y.shape().size());
        return true;
    }

    private void activation(Activation op, Tensor[] in, Tensor[] out, long scratch) {
        UnaryOp kernel =
                switch (op) {
                    case GELU -> UnaryOp.GELU_ERF;
                    case GELU_TANH -> UnaryOp.GELU_TANH;
                    case SILU -> UnaryOp.SILU;
                };
        apply(kernel, in[0], out[0]);
    }

    private void activationBackward(
            ActivationBackward op, Tensor[] in, Tensor[] out, long scratch) {
        BinaryOp kernel =
                switch (op.activation()) {
                    case GELU -> BinaryOp.GELU_ERF_GRADIENT;
                    case GELU_TANH -> BinaryOp.GELU_TANH_GRADIENT;
                    case SILU -> BinaryOp.SILU_GRADIENT;
                };
        apply(kernel, in[1], in[0], out[0]);
    }

    private void swiGlu(SwiGlu op, Tensor[] in, Tensor[] out, long scratch) {
        apply(BinaryOp.SWIGLU, in[0], in[1], out[0]);
    }

    private void swiGluBackward(SwiGluBackward op, Tensor[] in, Tensor[] out, long scratch) {
        if (in[0].dtype().isNarrow()) {
            Narrow.swigluGradient(
                    pool,
                    in[0].dtype(),
                    in[2].address(),
                    in[0].address(),
                    in[1].address(),
                    out[0].address(),
                    out[1].address(),
                    out[0].shape().size());
            return;
        }
        io.chagres.kernels.cpu.elementwise.Binary.swigluGradient(
                pool,
                in[2].address(),
                in[0].address(),
                in[1].address(),
                out[0].address(),
                out[1].address(),
                out[0].shape().size());
    }

    private void accumulate(Accumulate op, Tensor[] in, Tensor[] out, long scratch) {
        long n = in[0].shape().size();
        if (op.k() == 1) {
            Fill.accumulate(pool, in[1].address(), in[0].address(), n);
        } else {
            Fill.accumulate(pool, in[1].address(), (float) op.k(), in[0].address(), n);
        }
    }

    /// Draws the mask from the stream, which stays a tensor of two longs.
    private final class DropoutKernel implements Kernel<io.chagres.tensor.op.Dropout> {
        @Override
        public boolean supports(io.chagres.tensor.op.Dropout op, Tensor[] in) {
            return Operands.denseFloat(in[0]);
        }

        @Override
        public void run(io.chagres.tensor.op.Dropout op, Tensor[] in, Tensor[] out, long scratch) {
            if (in[0].dtype().isNarrow()) {
                Narrow.dropout(
                        pool,
                        in[0].dtype(),
                        in[0].address(),
                        out[0].address(),
                        out[0].shape().size(),
                        (float) op.p(),
                        Operands.longAt(in[1], 0),
                        Operands.longAt(in[1], 1));
                return;
            }
            Dropout.apply(
                    pool,
                    in[0].address(),
                    out[0].address(),
                    out[0].shape().size(),
                    (float) op.p(),
                    Operands.longAt(in[1], 0),
                    Operands.longAt(in[1], 1));
        }
    }

    /// Copies dense values of one shape, or spreads a scalar.
    private final class AssignKernel implements Kernel<Assign> {
        @Override
        public boolean supports(Assign op, Tensor[] in) {
            return in[0].dtype() == in[1].dtype()
                    && in[0].layout().isContiguous()
                    && in[1].layout().isContiguous()
                    && in[0].shape().size() == in[1].shape().size();
        }

        @Override
        public void run(Assign op, Tensor[] in, Tensor[] out, long scratch) {
            Fill.copy(pool, in[1].address(), in[0].address(), in[0].spec().bytes());
        }
    }

    private static @Nullable UnaryOp kernel(Unary op) {
        return switch (op) {
            case EXP -> UnaryOp.EXP;
            case LOG -> UnaryOp.LOG;
            case SQRT -> UnaryOp.SQRT;
            case RSQRT -> UnaryOp.RSQRT;
            case TANH -> UnaryOp.TANH;
            case SIGMOID -> UnaryOp.SIGMOID;
            case RELU -> UnaryOp.RELU;
            case ABS -> UnaryOp.ABS;
            case ERF -> UnaryOp.ERF;
            case SIN -> UnaryOp.SIN;
            case COS -> UnaryOp.COS;
            case SIGN -> null;
        };
    }

    private static @Nullable BinaryOp kernel(Binary op) {
        return switch (op) {
            case ADD -> BinaryOp.ADD;
            case SUB -> BinaryOp.SUB;
            case MUL -> BinaryOp.MUL;
            case DIV -> BinaryOp.DIV;
            case MAX -> BinaryOp.MAX;
            case MIN -> BinaryOp.MIN;
            case POW -> null;
        };
    }

    private static Convert.@Nullable Kind kind(DType from, DType to) {
        return switch (from) {
            case F32 ->
                    switch (to) {
                        case BF16 -> Convert.Kind.F32_BF16;
                        case F16 -> Convert.Kind.F32_F16;
                        case F64 -> Convert.Kind.F32_F64;
                        default -> null;
                    };
            case BF16 -> to == DType.F32 ? Convert.Kind.BF16_F32 : null;
            case F16 -> to == DType.F32 ? Convert.Kind.F16_F32 : null;
            case F64 -> to == DType.F32 ? Convert.Kind.F64_F32 : null;
            case I32 -> to == DType.F32 ? Convert.Kind.I32_F32 : null;
            case I64 -> to == DType.F32 ? Convert.Kind.I64_F32 : null;
            case I8 -> to == DType.F32 ? Convert.Kind.I8_F32 : null;
            case BOOL -> null;
        };
    }
}
