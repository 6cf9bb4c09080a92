package io.chagres.tensor.op;

/// The closed set of operations that every backend implements, in an exhaustive `switch` without a
/// default, so that a new one does not compile until each backend handles it.
public sealed interface Primitive extends Op
        permits Affine,
                ArgMax,
                Binary,
                Cast,
                Compare,
                Concat,
                Copy,
                CumSum,
                Full,
                Gather,
                IndexAdd,
                IndexSelect,
                Iota,
                MatMul,
                Max,
                Pad,
                RandomUniform,
                ScatterAdd,
                Select,
                SumTo,
                TopK,
                Unary {}
