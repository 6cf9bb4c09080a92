package io.chagres.kernels.cpu.dispatch;

import io.chagres.tensor.Tensor;
import io.chagres.tensor.backend.Kernel;
import io.chagres.tensor.op.Op;

/// A kernel that takes all its operands dense and in one dtype, F32, BF16 or F16.
interface FloatKernel<O extends Op> extends Kernel<O> {
    @Override
    default boolean supports(O op, Tensor[] in) {
        return Operands.dense(in) || Operands.denseNarrow(in);
    }
}
