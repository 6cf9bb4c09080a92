package io.chagres.autograd;

import io.chagres.tensor.DType;
import io.chagres.tensor.Interpreter;
import io.chagres.tensor.ShapeMismatch;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.TensorData;
import io.chagres.tensor.random.Rng;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/// Checks a gradient against central differences along random directions, in F64.
///
/// For a function y = f(x), a random cotangent c and a random direction d it compares ⟨c, ∂f·d⟩,
/// estimated by ⟨c, f(x + εd) - f(x - εd)⟩ / 2ε, with ⟨fᵀ(c), d⟩ from the tape.
public final class GradCheck {
    private static final double EPS = 1e-6;

    private GradCheck() {}

    /// The largest relative disagreement over some directions; about 1e-8 for a right gradient.
    ///
    /// @param f the function, of F64 tensors
    /// @param inputs where to check; all F64
    /// @param directions how many random directions
    /// @param seed of the random numbers
    public static double maxError(
            Function<List<Tensor>, Tensor> f, List<Tensor> inputs, int directions, long seed) {
        for (Tensor t : inputs) {
            if (t.dtype() != DType.F64) {
                throw new ShapeMismatch("GradCheck: inputs must be F64; got " + t.spec());
            }
        }
        Rng rng = new Rng(seed);
        double worst = 0;
        for (int i = 0; i < directions; i++) {
            worst = Math.max(worst, error(f, inputs, rng));
        }
        return worst;
    }

    private static double error(Function<List<Tensor>, Tensor> f, List<Tensor> inputs, Rng rng) {
        Tensor y = f.apply(inputs);
        Tensor c = random(y, rng);
        List<Tensor> direction = new ArrayList<>();
        List<Tensor> plus = new ArrayList<>();
        List<Tensor> minus = new ArrayList<>();
        for (Tensor t : inputs) {
            Tensor d = random(t, rng);
            direction.add(d);
            plus.add(t.add(d.scale(EPS)));
            minus.add(t.sub(d.scale(EPS)));
        }
        double numeric = dot(f.apply(plus).sub(f.apply(minus)), c) / (2 * EPS);
        List<Tensor> grads = Tape.valueAndGrad(inputs, () -> f.apply(inputs), c).grads();
        double exact = 0;
        for (int i = 0; i < grads.size(); i++) {
            exact += dot(grads.get(i), direction.get(i));
        }
        return Math.abs(exact - numeric)
                / Math.max(1, Math.max(Math.abs(exact), Math.abs(numeric)));
    }

    private static Tensor random(Tensor like, Rng rng) {
        double[] v = new double[(int) like.shape().size()];
        for (int i = 0; i < v.length; i++) {
            v[i] = 2 * rng.nextUniform() - 1;
        }
        return TensorData.copyOf(Interpreter.current().arena(), DType.F64, like.shape(), v);
    }

    private static double dot(Tensor a, Tensor b) {
        double[] x = a.toDoubles();
        double[] y = b.toDoubles();
        double s = 0;
        for (int i = 0; i < x.length; i++) {
            s += x[i] * y[i];
        }
        return s;
    }
}
