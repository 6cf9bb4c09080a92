package io.chagres.tensor.op;

import io.chagres.tensor.Interpreter;
import io.chagres.tensor.Spec;
import io.chagres.tensor.Tensor;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// Element-wise functions of one float tensor.
public enum Unary implements Primitive {
    /// eˣ; y' = y.
    EXP(Reads.outputs(0), (x, y, g) -> g.mul(y)),
    /// ln x; y' = 1/x.
    LOG(Reads.inputs(0), (x, y, g) -> g.div(x)),
    /// √x; y' = 1/(2y).
    SQRT(Reads.outputs(0), (x, y, g) -> g.div(y).scale(0.5)),
    /// 1/√x; y' = -y³/2.
    RSQRT(Reads.outputs(0), (x, y, g) -> g.mul(y.mul(y).mul(y)).scale(-0.5)),
    /// tanh x; y' = 1 - y².
    TANH(Reads.outputs(0), (x, y, g) -> g.mul(y.mul(y).neg().shift(1))),
    /// 1/(1 + e⁻ˣ); y' = y(1 - y).
    SIGMOID(Reads.outputs(0), (x, y, g) -> g.mul(y.mul(y.neg().shift(1)))),
    /// max(x, 0); y' = 1 where x > 0.
    RELU(Reads.outputs(0), (x, y, g) -> positive(y).select(g, Full.zerosLike(g))),
    /// |x|; y' = sign x.
    ABS(Reads.inputs(0), (x, y, g) -> g.mul(Interpreter.run(sign(), x))),
    /// -1, 0 or 1; y' = 0.
    SIGN(Reads.NONE, (x, y, g) -> Full.zerosLike(g)),
    /// Error function; y' = 2/√π · exp(-x²).
    ERF(Reads.inputs(0), (x, y, g) -> g.mul(x.square().neg().exp()).scale(2 / Math.sqrt(Math.PI))),
    /// sin x; y' = cos x.
    SIN(Reads.inputs(0), (x, y, g) -> g.mul(Interpreter.run(cos(), x))),
    /// cos x; y' = -sin x.
    COS(Reads.inputs(0), (x, y, g) -> g.mul(Interpreter.run(SIN, x)).neg());

    private interface Gradient {
        Tensor of(Tensor x, Tensor y, Tensor g);
    }

    private final Reads reads;
    private final Gradient gradient;

    Unary(Reads reads, Gradient gradient) {
        this.reads = reads;
        this.gradient = gradient;
    }

    @Override
    public Spec[] infer(Spec... in) {
        Check.arity(1, toString(), in);
        Check.isFloat(toString(), in);
        return new Spec[] {in[0]};
    }

    @Override
    public @Nullable Tensor[] vjp(
            Tensor[] in, Tensor[] out, @Nullable Tensor[] g, boolean[] needs) {
        return new Tensor[] {gradient.of(in[0], out[0], g[0])};
    }

    @Override
    public Reads reads(boolean[] needs) {
        return reads;
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }

    private static Unary sign() {
        return SIGN;
    }

    private static Unary cos() {
        return COS;
    }

    private static Tensor positive(Tensor y) {
        return y.compare(Compare.GT, Full.scalar(y.dtype(), 0));
    }
}
