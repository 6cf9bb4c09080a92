package io.chagres.tensor.op;

import io.chagres.tensor.Interpreter;
import io.chagres.tensor.Spec;
import io.chagres.tensor.Tensor;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// Element-wise activations of neural networks.
public enum Activation implements Fused {
    /// x · Φ(x) = x/2 · (1 + erf(x/√2)). Hendrycks & Gimpel 2016, arXiv:1606.08415.
    GELU {
        @Override
        Tensor value(Tensor x) {
            return x.mul(phi(x));
        }

        @Override
        Tensor slope(Tensor x) {
            Tensor density = x.square().scale(-0.5).exp().scale(1 / Math.sqrt(2 * Math.PI));
            return phi(x).add(x.mul(density));
        }

        private Tensor phi(Tensor x) {
            return Interpreter.run(Unary.ERF, x.scale(Math.sqrt(0.5))).shift(1).scale(0.5);
        }
    },
    /// The tanh approximation of GELU: x/2 · (1 + tanh(√(2/π)(x + 0.044715x³))).
    GELU_TANH {
        @Override
        Tensor value(Tensor x) {
            return x.scale(0.5).mul(inner(x).tanh().shift(1));
        }

        @Override
        Tensor slope(Tensor x) {
            Tensor t = inner(x).tanh();
            Tensor d = x.square().scale(3 * CUBIC).shift(1).scale(ROOT);
            Tensor sech2 = t.square().neg().shift(1);
            return t.shift(1).scale(0.5).add(x.scale(0.5).mul(sech2).mul(d));
        }

        private Tensor inner(Tensor x) {
            return x.mul(x.square().scale(CUBIC).shift(1)).scale(ROOT);
        }
    },
    /// x · sigmoid(x), also called swish.
    SILU {
        @Override
        Tensor value(Tensor x) {
            return x.mul(x.sigmoid());
        }

        @Override
        Tensor slope(Tensor x) {
            Tensor s = x.sigmoid();
            return s.mul(x.mul(s.neg().shift(1)).shift(1));
        }
    };

    private static final double CUBIC = 0.044715;
    private static final double ROOT = Math.sqrt(2 / Math.PI);

    abstract Tensor value(Tensor x);

    abstract Tensor slope(Tensor x);

    /// The activation of every element.
    public Tensor of(Tensor x) {
        return Interpreter.run(this, x);
    }

    @Override
    public Spec[] infer(Spec... in) {
        Check.arity(1, toString(), in);
        Check.isFloat(toString(), in);
        return new Spec[] {in[0]};
    }

    @Override
    public Tensor[] decompose(Tensor... in) {
        return new Tensor[] {value(in[0])};
    }

    @Override
    public @Nullable Tensor[] vjp(
            Tensor[] in, Tensor[] out, @Nullable Tensor[] g, boolean[] needs) {
        return new Tensor[] {Interpreter.run(new ActivationBackward(this), in[0], g[0])};
    }

    @Override
    public Reads reads(boolean[] needs) {
        return Reads.inputs(0);
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
