package io.chagres.autograd;

import static org.assertj.core.api.Assertions.assertThat;

import io.chagres.tensor.DType;
import io.chagres.tensor.Interpreter;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.op.Activation;
import io.chagres.tensor.op.Attention;
import io.chagres.tensor.op.Compare;
import io.chagres.tensor.op.Concat;
import io.chagres.tensor.op.CrossEntropy;
import io.chagres.tensor.op.Full;
import io.chagres.tensor.op.IndexSelect;
import io.chagres.tensor.op.LayerNorm;
import io.chagres.tensor.op.Linear;
import io.chagres.tensor.op.LogSoftmax;
import io.chagres.tensor.op.Pad;
import io.chagres.tensor.op.RmsNorm;
import io.chagres.tensor.op.Rope;
import io.chagres.tensor.op.Softmax;
import io.chagres.tensor.op.SwiGlu;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Gradients of functions made of several operations, of first and of second order.
class GradientsTest extends Work {
    /// A function and the shapes it takes.
    private record Case(String name, Function<List<Tensor>, Tensor> f, long[]... shapes) {
        List<Tensor> inputs() {
            return Stream.iterate(0, i -> i < shapes.length, i -> i + 1)
                    .map(i -> random(0.2, i + 1, shapes[i]))
                    .toList();
        }

        @Override
        public String toString() {
            return name;
        }
    }

    private static Case one(String name, Function<Tensor, Tensor> f, long... shape) {
        return new Case(name, x -> f.apply(x.getFirst()), shape);
    }

    private static Case two(
            String name, java.util.function.BinaryOperator<Tensor> f, long[] a, long[] b) {
        return new Case(name, x -> f.apply(x.get(0), x.get(1)), a, b);
    }

    private static long[] dims(long... dims) {
        return dims;
    }

    static Stream<Case> views() {
        return Stream.of(
                one("slice", x -> x.slice(1, 1, 2).exp(), 3, 4),
                one("slice with a step", x -> x.slice(0, 1, 2, 2).square(), 5, 2),
                one("permute", x -> x.permute(2, 0, 1).square().slice(0, 0, 1), 2, 3, 4),
                one("reshape", x -> x.reshape(4, -1).exp().slice(0, 1, 2), 2, 6),
                one("reshape of a transpose", x -> x.transpose().reshape(2, 6).exp(), 3, 4),
                one("expand", x -> x.expand(Shape.of(5, 3)).mul(constant(5, 3)), 1, 3),
                one("pad", x -> Pad.pad(x, 1, 1, 2).shift(1).square(), 2, 3),
                two("concat", (a, b) -> join(1, a, b, a).square(), dims(2, 3), dims(2, 1)),
                one("overlapping slices", x -> x.slice(0, 0, 3).mul(x.slice(0, 1, 3)), 4));
    }

    static Stream<Case> composites() {
        return Stream.of(
                one("elementary", x -> x.log().add(x.sqrt()).div(x.rsqrt().shift(1)).tanh(), 2, 3),
                one("used several times", x -> x.mul(x).add(x.exp().mul(x)).sub(x), 4),
                two("broadcasting", (a, b) -> a.mul(b).add(b).sum(0), dims(3, 4), dims(4)),
                two("maximum", (a, b) -> a.max(b.square()), dims(3, 4), dims(4)),
                one("mean and max", x -> x.mean(0).add(x.max(0)), 3, 4),
                two("matmul", (a, b) -> a.matmul(b).matmul(b.transpose()), dims(2, 3), dims(3, 4)),
                two("batched matmul", Tensor::matmul, dims(2, 1, 2, 3), dims(4, 3, 2)),
                one("cumsum", x -> x.cumSum(1).square(), 2, 4),
                one("select", x -> x.compare(Compare.GT, constant(2, 3)).select(x.exp(), x), 2, 3),
                two("embedding", GradientsTest::embedding, dims(4, 3), dims(3)),
                one("softmax", Softmax::softmax, 2, 5),
                one("log-softmax", LogSoftmax::logSoftmax, 2, 5),
                two("rmsNorm", (x, w) -> RmsNorm.rmsNorm(x, w, 1e-3), dims(3, 4), dims(4)),
                new Case(
                        "layerNorm",
                        x -> LayerNorm.layerNorm(x.get(0), x.get(1), x.get(2), 1e-3),
                        dims(3, 4),
                        dims(4),
                        dims(4)),
                new Case(
                        "linear",
                        x -> Linear.linear(x.get(0).exp(), x.get(1), x.get(2)),
                        dims(2, 2, 3),
                        dims(4, 3),
                        dims(4)),
                two("swiGlu", SwiGlu::swiGlu, dims(2, 3), dims(2, 3)),
                one("gelu", Activation.GELU::of, 2, 3),
                one("gelu by tanh", Activation.GELU_TANH::of, 2, 3),
                one("silu", Activation.SILU::of, 2, 3),
                one("cross-entropy", GradientsTest::crossEntropy, 3, 5),
                one("rope", GradientsTest::rope, 1, 2, 1, 4),
                attention("attention", 2),
                attention("grouped-query attention", 1));
    }

    static Stream<Case> all() {
        return Stream.concat(views(), composites());
    }

    private static Case attention(String name, long keyHeads) {
        long[] kv = dims(1, 3, keyHeads, 4);
        return new Case(
                name,
                x -> Attention.causal(x.get(0), x.get(1), x.get(2)),
                dims(1, 3, 2, 4),
                kv,
                kv);
    }

    private static Tensor constant(long... dims) {
        return random(0.1, 99, dims);
    }

    private static Tensor join(int axis, Tensor... parts) {
        return Interpreter.run(new Concat(axis), parts);
    }

    private static Tensor embedding(Tensor table, Tensor scale) {
        Tensor ids = Full.full(table.spec().as(Shape.of(2)), 1).cast(DType.I32).cumSum(0);
        return IndexSelect.indexSelect(table, ids).mul(scale).exp();
    }

    private static Tensor crossEntropy(Tensor logits) {
        Tensor ids = logits.slice(1, 0, 1).reshape(-1).scale(0).shift(1).detach().cast(DType.I32);
        return Interpreter.run(new CrossEntropy(CrossEntropy.IGNORE, 0.1), logits, ids.cumSum(0));
    }

    private static Tensor rope(Tensor x) {
        Tensor angle = constant(2, 2);
        return Rope.rope(x, angle.sqrt(), angle, false).square();
    }

    @ParameterizedTest
    @MethodSource("all")
    void firstOrder(Case c) {
        run(() -> assertThat(GradCheck.maxError(c.f, c.inputs(), 2, 1)).isLessThan(1e-7));
    }

    /// The gradient of ‖f‖² is itself a function whose gradient is checked.
    @ParameterizedTest
    @MethodSource("all")
    void secondOrder(Case c) {
        run(() -> {
            List<Tensor> inputs = c.inputs();
            Function<List<Tensor>, Tensor> gradient =
                    x -> {
                        var r = Tape.valueAndGrad(x, () -> c.f.apply(x).square().sum());
                        Tensor all = r.value();
                        for (Tensor g : r.grads()) {
                            all = all.add(g.mul(g.exp()).sum());
                        }
                        return all;
                    };
            assertThat(GradCheck.maxError(gradient, inputs, 2, 1)).isLessThan(1e-6);
        });
    }
}
