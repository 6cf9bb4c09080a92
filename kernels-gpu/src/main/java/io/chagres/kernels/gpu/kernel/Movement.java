package io.chagres.kernels.gpu.kernel;

import io.chagres.kernels.gpu.driver.CudaDevice;
import io.chagres.kernels.gpu.driver.Launch;
import io.chagres.tensor.DType;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.TensorData;
import io.chagres.tensor.op.Full;
import io.chagres.tensor.op.Iota;
import io.chagres.tensor.op.Pad;

/// Kernels that move elements (`move.cu`) and make them (`create.cu`).
public final class Movement {
    private static final int THREADS = 256;

    private final CudaDevice device;
    private final Family<DType> copy;
    private final Family<DType> fill;
    private final Family<DType> iota;
    private final Programs programs;

    /// Kernels of a device.
    public Movement(Programs programs) {
        this.programs = programs;
        device = programs.device();
        copy = programs.perWidth("move", "copy");
        fill = programs.perWidth("move", "fill");
        iota = programs.perType("create", "iota");
    }

    /// y = x, both of any layout.
    public void copy(Tensor x, Tensor y) {
        Operand to = Operand.of(y);
        move(x, to, 0, to.strides());
    }

    /// Joins tensors along an axis.
    public void concat(int axis, Tensor[] parts, Tensor y) {
        Operand to = Operand.of(y);
        long from = 0;
        for (Tensor x : parts) {
            move(x, to, from * to.strides()[axis], to.strides());
            from += x.shape().dim(axis);
        }
    }

    /// Puts zeros around and between elements.
    public void pad(Pad op, Tensor x, Tensor y) {
        fill(y, 0);
        Operand to = Operand.of(y);
        long[] strides = to.strides().clone();
        long from = op.before() * strides[op.axis()];
        strides[op.axis()] *= op.step();
        move(x, to, from, strides);
    }

    /// A constant.
    public void full(Full op, Tensor y) {
        fill(y, bits(y.dtype(), op.value()));
    }

    /// 0, 1, 2, … along an axis.
    public void iota(Iota op, Tensor y) {
        long inner = 1;
        for (int d = op.axis() + 1; d < y.shape().rank(); d++) {
            inner *= y.shape().dim(d);
        }
        long n = y.shape().size();
        if (n > 0) {
            device.launch(iota.of(y.dtype()))
                    .add(y.address())
                    .add(n)
                    .add(inner)
                    .add(y.shape().dim(op.axis()))
                    .run((n + THREADS - 1) / THREADS, 1, 1, THREADS, 0);
        }
    }

    /// Random numbers of a stream.
    public void uniform(Tensor stream, Tensor y) {
        long n = y.shape().size();
        if (n > 0) {
            long blocks = (n + 3) / 4;
            device.launch(programs.kernel("create", "uniform"))
                    .add(stream.address())
                    .add(stream.layout().stride(0))
                    .add(y.address())
                    .add(n)
                    .run((blocks + THREADS - 1) / THREADS, 1, 1, THREADS, 0);
        }
    }

    private void fill(Tensor y, long bits) {
        Operand to = Operand.of(y);
        Walk.of(y.shape().toArray(), to.strides())
                .forEach((walk, from) -> {
                    Launch launch = walk.addTo(device.launch(fill.of(y.dtype())));
                    launch.add(to.at(from[0])).add(bits).run(walk.blocks(), 1, 1, THREADS, 0);
                });
    }

    private void move(Tensor x, Operand to, long begin, long[] strides) {
        Operand of = Operand.of(x);
        Walk.of(x.shape().toArray(), of.strides(), strides)
                .forEach((walk, from) -> {
                    Launch launch = walk.addTo(device.launch(copy.of(x.dtype())));
                    launch.add(of.at(from[0]))
                            .add(to.at(begin + from[1]))
                            .run(walk.blocks(), 1, 1, THREADS, 0);
                });
    }

    private static long bits(DType dtype, double v) {
        return switch (dtype) {
            case F64 -> Double.doubleToRawLongBits(v);
            case F32 -> Float.floatToRawIntBits((float) v);
            case BF16 -> TensorData.toBFloat16(v);
            case F16 -> TensorData.toFloat16(v);
            case I8 -> (byte) v;
            case I32 -> (int) v;
            case I64 -> (long) v;
            case BOOL -> v != 0 ? 1 : 0;
        };
    }
}
