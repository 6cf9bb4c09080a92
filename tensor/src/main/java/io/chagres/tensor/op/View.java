package io.chagres.tensor.op;

import io.chagres.tensor.Layout;
import io.chagres.tensor.Spec;

/// An operation that changes the layout of its one input and shares its memory. No backend sees it.
public sealed interface View extends Op permits Permute, Reshape, Expand, Slice, StopGradient {
    /// The layout of the result.
    Layout view(Layout in);

    @Override
    default Spec[] infer(Spec... in) {
        return new Spec[] {in[0].as(view(Layout.contiguous(in[0].shape())).shape())};
    }

    @Override
    default Reads reads(boolean[] needs) {
        return Reads.NONE;
    }
}
