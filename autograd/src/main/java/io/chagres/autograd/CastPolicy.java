package io.chagres.autograd;

import io.chagres.tensor.DType;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.op.Attention;
import io.chagres.tensor.op.Binary;
import io.chagres.tensor.op.Cast;
import io.chagres.tensor.op.CrossEntropy;
import io.chagres.tensor.op.CumSum;
import io.chagres.tensor.op.KvAppend;
import io.chagres.tensor.op.LayerNorm;
import io.chagres.tensor.op.Linear;
import io.chagres.tensor.op.LogSoftmax;
import io.chagres.tensor.op.MatMul;
import io.chagres.tensor.op.Op;
import io.chagres.tensor.op.PagedAttention;
import io.chagres.tensor.op.RmsNorm;
import io.chagres.tensor.op.Rope;
import io.chagres.tensor.op.Softmax;
import io.chagres.tensor.op.SumSquares;
import io.chagres.tensor.op.SumTo;
import io.chagres.tensor.op.Unary;
import io.chagres.tensor.op.Update;
import io.chagres.tensor.op.View;
import org.jspecify.annotations.Nullable;

/// Which dtype [Autocast] wants of each input of an operation.
final class CastPolicy {
    /// q, k and v; a mask keeps its digits.
    private static final int ATTENTION_INPUTS = 3;

    private CastPolicy() {}

    /// One dtype per input; null where the input is left as it is.
    static @Nullable DType[] of(Op op, DType compute, Tensor... in) {
        @Nullable DType[] want = new DType[in.length];
        switch (op) {
            case MatMul _, Linear _ -> all(want, compute, in.length, in);
            case Attention _ -> all(want, compute, ATTENTION_INPUTS, in);
            case Softmax _, LogSoftmax _, LayerNorm _, RmsNorm _, SumTo _, CumSum _ ->
                    wide(want, in);
            case Unary u when u == Unary.EXP || u == Unary.LOG || u == Unary.RSQRT ->
                    wide(want, in);
            case Binary b when b == Binary.POW -> wide(want, in);
            // Its pages keep the dtype they have.
            case PagedAttention _ -> want[0] = in[0].dtype().wide();
            case KvAppend _ -> {
                want[2] = in[0].dtype();
                want[3] = in[1].dtype();
            }
            // These compute in F32 whatever the dtype of their input.
            case CrossEntropy _, Rope _, SumSquares _ -> {}
            case View _, Cast _, Update _ -> {}
            default -> widest(want, in);
        }
        return want;
    }

    private static void all(@Nullable DType[] want, DType to, int n, Tensor... in) {
        for (int i = 0; i < n; i++) {
            if (in[i].dtype() == DType.F64) {
                return;
            }
        }
        for (int i = 0; i < n; i++) {
            want[i] = in[i].dtype().isFloat() ? to : null;
        }
    }

    private static void wide(@Nullable DType[] want, Tensor... in) {
        for (int i = 0; i < in.length; i++) {
            want[i] = in[i].dtype().wide();
        }
    }

    private static void widest(@Nullable DType[] want, Tensor... in) {
        DType widest = null;
        for (Tensor t : in) {
            DType d = t.dtype();
            if (d == DType.F64) {
                return;
            }
            if (d.isFloat() && d != widest) {
                widest = widest == null ? d : DType.F32;
            }
        }
        for (int i = 0; i < in.length; i++) {
            want[i] = in[i].dtype().isFloat() ? widest : null;
        }
    }
}
