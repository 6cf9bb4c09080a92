package io.chagres.kernels.cpu.elementwise;

/// Functions of one float that [Unary] applies to arrays.
public enum UnaryOp {
    /// e^x.
    EXP(UnaryLoops::exp),
    /// Natural logarithm.
    LOG(UnaryLoops::log),
    /// Square root.
    SQRT(UnaryLoops::sqrt),
    /// 1 / sqrt(x), as an exact square root and a division.
    RSQRT(UnaryLoops::rsqrt),
    /// Hyperbolic tangent.
    TANH(UnaryLoops::tanh),
    /// 1 / (1 + e^-x).
    SIGMOID(UnaryLoops::sigmoid),
    /// max(x, 0), NaN kept.
    RELU(UnaryLoops::relu),
    /// Magnitude.
    ABS(UnaryLoops::abs),
    /// -x.
    NEG(UnaryLoops::neg),
    /// Error function.
    ERF(UnaryLoops::erf),
    /// Sine of x radians.
    SIN(UnaryLoops::sin),
    /// Cosine of x radians.
    COS(UnaryLoops::cos),
    /// x^2.
    SQUARE(UnaryLoops::square),
    /// x sigmoid(x), also called swish (Elfwing et al. 2017, arXiv:1702.03118).
    SILU(ActivationLoops::silu),
    /// GELU by its tanh form, x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))) (Hendrycks and Gimpel
    /// 2016, arXiv:1606.08415).
    GELU_TANH(ActivationLoops::geluTanh),
    /// GELU as it is defined, x/2 (1 + erf(x / sqrt(2))).
    GELU_ERF(ActivationLoops::geluErf);

    /// A function's loop: y = f(x) over `bytes` bytes, a whole number of vectors.
    @FunctionalInterface
    interface Loop {
        void run(long x, long y, long bytes);
    }

    /// Called through an interface, so that C2 compiles each loop on its own and not all in one
    /// unit.
    final Loop loop;

    UnaryOp(Loop loop) {
        this.loop = loop;
    }
}
