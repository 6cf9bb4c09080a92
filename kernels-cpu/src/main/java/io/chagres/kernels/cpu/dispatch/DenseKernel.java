package io.chagres.kernels.cpu.dispatch;

import io.chagres.tensor.Tensor;
import io.chagres.tensor.backend.Kernel;
import io.chagres.tensor.op.Op;

/// A kernel that takes all its operands dense and in F32.
interface DenseKernel<O extends Op> extends Kernel<O> {
    @Override
    default boolean supports(O op, Tensor[] in) {
        return Operands.dense(in);
    }
}
