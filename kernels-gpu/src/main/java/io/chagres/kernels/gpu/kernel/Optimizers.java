package io.chagres.kernels.gpu.kernel;

import io.chagres.kernels.gpu.driver.CudaDevice;
import io.chagres.tensor.DType;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.backend.Kernel;
import io.chagres.tensor.backend.Kernels;
import io.chagres.tensor.op.AdamW;
import io.chagres.tensor.op.SumSquares;

/// What an optimizer does: `optimizer.cu`.
public final class Optimizers {
    private static final int THREADS = 256;
    private static final int ELEMENTS = 4 * THREADS;
    private static final int MOST_BLOCKS = 1024;

    private final CudaDevice device;
    private final Programs programs;
    private final Family<DType> adamW;
    private final Family<DType> sumSquares;

    /// Kernels of a device.
    public Optimizers(Programs programs) {
        this.programs = programs;
        device = programs.device();
        adamW = programs.perType("optimizer", "adamw");
        sumSquares = programs.perType("optimizer", "sum_squares");
    }

    /// Adds the kernels to a table.
    public void register(Kernels table) {
        table.add(AdamW.class, new Step()).add(SumSquares.class, new Norm());
    }

    private static int blocks(Tensor t) {
        return Math.clamp((t.shape().size() + ELEMENTS - 1) / ELEMENTS, 1, MOST_BLOCKS);
    }

    private final class Step implements Kernel<AdamW> {
        @Override
        public boolean supports(AdamW op, Tensor[] in) {
            return Rows.areContiguous(in)
                    && in[0].dtype() == DType.F32
                    && in[1].dtype() == DType.F32
                    && in[3].dtype().wide() == DType.F32;
        }

        @Override
        public void run(AdamW op, Tensor[] in, Tensor[] out, long scratch) {
            device.launch(adamW.of(in[3].dtype()))
                    .add(in[0].address())
                    .add(in[1].address())
                    .add(in[2].address())
                    .add(in[3].address())
                    .add(in[4].address())
                    .add(in[0].shape().size())
                    .add(op.beta1())
                    .add(op.beta2())
                    .add(op.eps())
                    .add(op.weightDecay())
                    .run(blocks(in[0]), 1, 1, THREADS, 0);
        }
    }

    private final class Norm implements Kernel<SumSquares> {
        @Override
        public boolean supports(SumSquares op, Tensor[] in) {
            return Rows.areContiguous(in);
        }

        private static int allBlocks(Tensor[] in) {
            int n = 0;
            for (Tensor t : in) {
                n += blocks(t);
            }
            return n;
        }

        @Override
        public long scratchBytes(SumSquares op, Tensor[] in) {
            return 8L * allBlocks(in);
        }

        @Override
        public void run(SumSquares op, Tensor[] in, Tensor[] out, long scratch) {
            int first = 0;
            for (Tensor t : in) {
                device.launch(sumSquares.of(t.dtype()))
                        .add(t.address())
                        .add(scratch + 8L * first)
                        .add(t.shape().size())
                        .run(blocks(t), 1, 1, THREADS, 0);
                first += blocks(t);
            }
            device.launch(programs.kernel("optimizer", "add_parts"))
                    .add(scratch)
                    .add(out[0].address())
                    .add(first)
                    .run(1, 1, 1, THREADS, 0);
        }
    }
}
