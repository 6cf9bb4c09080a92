package io.chagres.kernels.cpu.elementwise;

/// Functions of two floats that [Binary] applies to arrays. The gradients take the incoming
/// gradient as their first argument.
public enum BinaryOp {
    /// a + b.
    ADD(BinaryLoops::add),
    /// a - b.
    SUB(BinaryLoops::sub),
    /// a b.
    MUL(BinaryLoops::mul),
    /// a / b.
    DIV(BinaryLoops::div),
    /// The larger; NaN if either is NaN.
    MAX(BinaryLoops::max),
    /// The smaller; NaN if either is NaN.
    MIN(BinaryLoops::min),
    /// silu(a) b, the gated unit of Shazeer 2020 (arXiv:2002.05202); a is the gate.
    SWIGLU(ActivationLoops::swiglu),
    /// (dy, x): dy where x is positive or NaN, else 0.
    RELU_GRADIENT(ActivationLoops::reluGradient),
    /// (dy, y): dy (1 - y^2), y being tanh's output.
    TANH_GRADIENT(ActivationLoops::tanhGradient),
    /// (dy, y): dy y (1 - y), y being sigmoid's output.
    SIGMOID_GRADIENT(ActivationLoops::sigmoidGradient),
    /// (dy, x): dy silu'(x).
    SILU_GRADIENT(ActivationLoops::siluGradient),
    /// (dy, x): dy times the slope of GELU's tanh form.
    GELU_TANH_GRADIENT(ActivationLoops::geluTanhGradient),
    /// (dy, x): dy times the slope of GELU's erf form.
    GELU_ERF_GRADIENT(ActivationLoops::geluErfGradient);

    /// A function's loop: y = f(a, b) over `bytes` bytes, a whole number of vectors. An operand
    /// whose mask is 0 stays at its first vector; otherwise the mask is -1.
    @FunctionalInterface
    interface Loop {
        void run(long a, long aMask, long b, long bMask, long y, long bytes);
    }

    /// Called through an interface, so that C2 compiles each loop on its own and not all in one
    /// unit.
    final Loop loop;

    BinaryOp(Loop loop) {
        this.loop = loop;
    }
}
