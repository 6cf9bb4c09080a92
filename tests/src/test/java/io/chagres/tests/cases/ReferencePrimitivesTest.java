package io.chagres.tests.cases;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.chagres.kernels.cpu.reference.ReferenceBackend;
import io.chagres.tensor.DType;
import io.chagres.tensor.Interpreter;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Spec;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.TensorData;
import io.chagres.tensor.memory.TensorArena;
import io.chagres.tensor.op.Affine;
import io.chagres.tensor.op.ArgMax;
import io.chagres.tensor.op.Binary;
import io.chagres.tensor.op.Cast;
import io.chagres.tensor.op.Compare;
import io.chagres.tensor.op.Concat;
import io.chagres.tensor.op.Copy;
import io.chagres.tensor.op.CumSum;
import io.chagres.tensor.op.Full;
import io.chagres.tensor.op.Gather;
import io.chagres.tensor.op.IndexAdd;
import io.chagres.tensor.op.IndexSelect;
import io.chagres.tensor.op.Iota;
import io.chagres.tensor.op.MatMul;
import io.chagres.tensor.op.Max;
import io.chagres.tensor.op.Op;
import io.chagres.tensor.op.Pad;
import io.chagres.tensor.op.RandomUniform;
import io.chagres.tensor.op.ScatterAdd;
import io.chagres.tensor.op.Select;
import io.chagres.tensor.op.SumTo;
import io.chagres.tensor.op.TopK;
import io.chagres.tensor.op.Unary;
import io.chagres.tensor.random.Philox;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// The reference against numbers worked out by hand or by the plainest loop: everything else is
/// tested against the reference.
class ReferencePrimitivesTest {
    private final ReferenceBackend backend = new ReferenceBackend();
    private final TensorArena inputs = backend.arena("inputs", 1 << 16);
    private final TensorArena step = backend.arena("step", 1 << 16);

    @AfterEach
    void close() {
        step.close();
        inputs.close();
        backend.close();
    }

    private Tensor f64(Shape shape, double... v) {
        return TensorData.copyOf(inputs, DType.F64, shape, v);
    }

    private Tensor i32(Shape shape, int... v) {
        return TensorData.copyOf(inputs, shape, v);
    }

    private double[] run(Op op, Tensor... in) {
        return step.call(() -> Interpreter.run(op, in).toDoubles());
    }

    private double one(Op op, double... in) {
        Tensor[] all = new Tensor[in.length];
        for (int i = 0; i < all.length; i++) {
            all[i] = f64(Shape.of(), in[i]);
        }
        return run(op, all)[0];
    }

    @Test
    void unary() {
        assertThat(one(Unary.EXP, 1)).isCloseTo(Math.E, within(1e-15));
        assertThat(one(Unary.LOG, 10)).isCloseTo(2.302585092994046, within(1e-15));
        assertThat(one(Unary.SQRT, 2)).isEqualTo(1.4142135623730951);
        assertThat(one(Unary.RSQRT, 4)).isEqualTo(0.5);
        assertThat(one(Unary.TANH, 0.5)).isCloseTo(0.46211715726000974, within(1e-16));
        assertThat(one(Unary.SIGMOID, -2)).isCloseTo(0.11920292202211755, within(1e-16));
        assertThat(one(Unary.RELU, -3)).isZero();
        assertThat(one(Unary.RELU, 3)).isEqualTo(3);
        assertThat(one(Unary.RELU, Double.NaN)).isNaN();
        assertThat(one(Unary.ABS, -3)).isEqualTo(3);
        assertThat(one(Unary.SIGN, -3)).isEqualTo(-1);
        assertThat(one(Unary.SIN, 1)).isCloseTo(0.8414709848078965, within(1e-16));
        assertThat(one(Unary.COS, 1)).isCloseTo(0.5403023058681398, within(1e-16));
    }

    /// Values of the error function from Abramowitz and Stegun, table 7.1, and its limits.
    @Test
    void errorFunction() {
        assertThat(one(Unary.ERF, 0)).isZero();
        assertThat(one(Unary.ERF, 0.5)).isCloseTo(0.5204998778, within(1e-10));
        assertThat(one(Unary.ERF, 1)).isCloseTo(0.8427007929497149, within(1e-15));
        assertThat(one(Unary.ERF, -1)).isCloseTo(-0.8427007929497149, within(1e-15));
        assertThat(one(Unary.ERF, 2)).isCloseTo(0.9953222650189527, within(1e-15));
        assertThat(one(Unary.ERF, 5.9)).isCloseTo(1, within(1e-15));
        assertThat(one(Unary.ERF, 1e-9)).isCloseTo(1.1283791670955127e-9, within(1e-24));
        assertThat(one(Unary.ERF, Double.NEGATIVE_INFINITY)).isEqualTo(-1);
        assertThat(one(Unary.ERF, Double.NaN)).isNaN();
    }

    @Test
    void binary() {
        assertThat(one(Binary.ADD, 3, 4)).isEqualTo(7);
        assertThat(one(Binary.SUB, 3, 4)).isEqualTo(-1);
        assertThat(one(Binary.MUL, 3, 4)).isEqualTo(12);
        assertThat(one(Binary.DIV, 3, 4)).isEqualTo(0.75);
        assertThat(one(Binary.MAX, 3, 4)).isEqualTo(4);
        assertThat(one(Binary.MIN, 3, 4)).isEqualTo(3);
        assertThat(one(Binary.POW, 3, 4)).isEqualTo(81);
        assertThat(one(Binary.MAX, 3, Double.NaN)).isNaN();
        assertThat(one(Binary.MIN, Double.NaN, 3)).isNaN();
        assertThat(one(new Affine(-2, 0.5), 3)).isEqualTo(-5.5);
        Tensor column = f64(Shape.of(2, 1), 10, 20);
        Tensor row = f64(Shape.of(3), 1, 2, 3);
        assertThat(run(Binary.SUB, column, row)).containsExactly(9, 8, 7, 19, 18, 17);
    }

    @Test
    void wholeNumbers() {
        Tensor a = i32(Shape.of(4), 7, -7, Integer.MAX_VALUE, 2);
        Tensor b = i32(Shape.of(4), 2, 2, 1, 10);
        assertThat(run(Binary.ADD, a, b)).containsExactly(9, -5, Integer.MIN_VALUE, 12);
        assertThat(run(Binary.DIV, a, b)).containsExactly(3, -3, Integer.MAX_VALUE, 0);
        assertThat(run(Binary.POW, b, i32(Shape.of(), 3))).containsExactly(8, 8, 1, 1000);
        assertThat(run(Binary.POW, b, i32(Shape.of(), -1))).containsExactly(0, 0, 1, 0);
        assertThat(run(new Affine(2.9, -1.9), b)).containsExactly(3, 3, 1, 19);
        assertThatThrownBy(() -> run(Binary.DIV, a, i32(Shape.of(), 0)))
                .isInstanceOf(ArithmeticException.class)
                .hasMessageContaining("div")
                .hasMessageContaining("zero");
    }

    @Test
    void comparisonsAndChoices() {
        Tensor a = f64(Shape.of(3), 1, 2, Double.NaN);
        Tensor b = f64(Shape.of(), 2);
        assertThat(run(Compare.EQ, a, b)).containsExactly(0, 1, 0);
        assertThat(run(Compare.NE, a, b)).containsExactly(1, 0, 1);
        assertThat(run(Compare.LT, a, b)).containsExactly(1, 0, 0);
        assertThat(run(Compare.LE, a, b)).containsExactly(1, 1, 0);
        assertThat(run(Compare.GT, a, b)).containsExactly(0, 0, 0);
        assertThat(run(Compare.GE, a, b)).containsExactly(0, 1, 0);
        Tensor which = TensorData.copyOf(inputs, DType.BOOL, Shape.of(3), 1, 0, 0);
        assertThat(run(Select.INSTANCE, which, a, f64(Shape.of(1), 9))).containsExactly(1, 9, 9);
    }

    @Test
    void castsRoundOnceTruncateOrWrap() {
        Tensor x = f64(Shape.of(3), 1 + 0x1p-8 + 0x1p-40, -1.7, 0.1);
        assertThat(run(new Cast(DType.BF16), x))
                .containsExactly(1 + 0x1p-7, -1.703125, 0.10009765625);
        assertThat(run(new Cast(DType.F32), x)[2]).isEqualTo((double) 0.1f);
        assertThat(run(new Cast(DType.I32), x)).containsExactly(1, -1, 0);
        assertThat(run(new Cast(DType.BOOL), f64(Shape.of(2), 0, -0.5))).containsExactly(0, 1);
        assertThat(run(new Cast(DType.I8), i32(Shape.of(2), 130, -1))).containsExactly(-126, -1);
        Tensor half = f64(Shape.of(3), 1 + 0x1p-11 + 0x1p-40, 1 + 0x1p-11, 1 + 3 * 0x1p-11);
        assertThat(run(new Cast(DType.F16), half)).containsExactly(1 + 0x1p-10, 1, 1 + 0x1p-9);
    }

    @Test
    void sums() {
        Tensor x = f64(Shape.of(2, 3), 1, 2, 3, 4, 5, 6);
        assertThat(run(new SumTo(Shape.of()), x)).containsExactly(21);
        assertThat(run(new SumTo(Shape.of(3)), x)).containsExactly(5, 7, 9);
        assertThat(run(new SumTo(Shape.of(2, 1)), x)).containsExactly(6, 15);
        assertThat(run(new CumSum(1, false), x)).containsExactly(1, 3, 6, 4, 9, 15);
        assertThat(run(new CumSum(0, true), x)).containsExactly(5, 7, 9, 4, 5, 6);
        assertThat(run(new SumTo(Shape.of(1)), f64(Shape.of(0)))).containsExactly(0);
        Tensor halves = TensorData.copyOf(inputs, DType.BF16, Shape.of(3), 256, 1, 1);
        assertThat(run(new SumTo(Shape.of()), halves)).as("rounded once").containsExactly(258);
    }

    @Test
    void order() {
        Tensor x = f64(Shape.of(2, 4), 3, 7, 7, 1, -5, -2, -9, -2);
        assertThat(run(new Max(1), x)).containsExactly(7, -2);
        assertThat(run(new ArgMax(1), x)).containsExactly(1, 1);
        assertThat(run(new ArgMax(0), x)).containsExactly(0, 0, 0, 0);
        double[][] top = step.call(() -> Trial.toDoubles(Interpreter.runAll(new TopK(3), x)));
        assertThat(top[0]).containsExactly(7, 7, 3, -2, -2, -5);
        assertThat(top[1]).containsExactly(1, 2, 0, 1, 3, 0);
        Tensor special = f64(Shape.of(4), 1, Double.POSITIVE_INFINITY, Double.NaN, 2);
        assertThat(run(new ArgMax(0), special)).containsExactly(2);
        assertThat(run(new ArgMax(0), f64(Shape.of(2), -0.0, 0))).containsExactly(0);
    }

    @Test
    void products() {
        int m = 4;
        int k = 300;
        int n = 700;
        double[] a = new double[2 * m * k];
        double[] b = new double[k * n];
        for (int i = 0; i < a.length; i++) {
            a[i] = i % 7 - 3;
        }
        for (int i = 0; i < b.length; i++) {
            b[i] = i % 11 - 5;
        }
        double[] want = new double[2 * m * n];
        for (int r = 0; r < 2 * m; r++) {
            for (int j = 0; j < n; j++) {
                for (int p = 0; p < k; p++) {
                    want[r * n + j] += a[r * k + p] * b[p * n + j];
                }
            }
        }
        double[] got =
                step.call(() ->
                        Interpreter.run(
                                        MatMul.INSTANCE,
                                        f64(Shape.of(2, m, k), a),
                                        f64(Shape.of(k, n), b))
                                .toDoubles());
        assertThat(got).isEqualTo(want);
    }

    @Test
    void movement() {
        Tensor x = f64(Shape.of(2, 2), 1, 2, 3, 4);
        Tensor y = f64(Shape.of(2, 1), 8, 9);
        assertThat(run(new Concat(1), x, y)).containsExactly(1, 2, 8, 3, 4, 9);
        assertThat(run(new Pad(1, 1, 2, 5), x)).containsExactly(0, 1, 0, 2, 0, 0, 3, 0, 4, 0);
        assertThat(run(Copy.INSTANCE, x.viewAs(x.layout().permute(1, 0))))
                .containsExactly(1, 3, 2, 4);
        long bits = (1L << 62) + 1;
        Tensor exact = Tensor.empty(inputs, new Spec(DType.I64, Shape.of(1)));
        TensorData.writeRaw(exact, MemorySegment.ofArray(new long[] {bits}));
        long[] copied = step.call(() -> Interpreter.run(Copy.INSTANCE, exact).toLongs());
        assertThat(copied).containsExactly(bits);
    }

    @Test
    void copyWritesIntoAnyLayout() {
        Tensor x = f64(Shape.of(2, 3), 1, 2, 3, 4, 5, 6);
        Tensor to = f64(Shape.of(3, 4), new double[12]);
        Tensor view = to.viewAs(to.layout().slice(1, 1, 2, 2).permute(1, 0));
        backend.run(Copy.INSTANCE, new Tensor[] {x}, new Tensor[] {view});
        assertThat(to.toDoubles()).containsExactly(0, 1, 0, 4, 0, 2, 0, 5, 0, 3, 0, 6);
    }

    @Test
    void indexing() {
        Tensor x = f64(Shape.of(3, 2), 1, 2, 3, 4, 5, 6);
        assertThat(run(IndexSelect.INSTANCE, x, i32(Shape.of(3), 2, 0, 2)))
                .containsExactly(5, 6, 1, 2, 5, 6);
        assertThat(run(new IndexAdd(4), x, i32(Shape.of(3), 3, 0, 3)))
                .containsExactly(3, 4, 0, 0, 0, 0, 6, 8);
        assertThat(run(new Gather(0), x, i32(Shape.of(2, 2), 2, 0, 1, 2)))
                .containsExactly(5, 2, 3, 6);
        assertThat(run(new ScatterAdd(0, 2), x, i32(Shape.of(3, 2), 0, 1, 0, 0, 1, 1)))
                .containsExactly(4, 4, 5, 8);
    }

    @Test
    void anIndexOutsideNamesOpIndexAndSize() {
        Tensor x = f64(Shape.of(3), 1, 2, 3);
        for (int bad : List.of(-1, 3)) {
            Tensor index = i32(Shape.of(3), 0, bad, 1);
            for (Op op :
                    List.of(
                            IndexSelect.INSTANCE,
                            new IndexAdd(3),
                            new Gather(0),
                            new ScatterAdd(0, 3))) {
                String name = op.getClass().getSimpleName();
                assertThatThrownBy(() -> run(op, x, index))
                        .isInstanceOf(IndexOutOfBoundsException.class)
                        .satisfies(
                                e -> assertThat(e.getMessage()).containsIgnoringCase(name + ": "))
                        .hasMessageContaining("index " + bad)
                        .hasMessageContaining("size 3");
            }
        }
    }

    @Test
    void creation() {
        assertThat(run(new Full(new Spec(DType.F16, Shape.of(2)), 0.1)))
                .containsExactly(0.0999755859375, 0.0999755859375);
        assertThat(run(new Iota(new Spec(DType.I64, Shape.of(2, 3)), 1)))
                .containsExactly(0, 1, 2, 0, 1, 2);
        Tensor stream = TensorData.copyOf(inputs, DType.I64, Shape.of(2), 42, 7);
        double[] u = run(new RandomUniform(Shape.of(3, 2)), stream);
        Philox philox = new Philox(42);
        for (int i = 0; i < u.length; i++) {
            assertThat(u[i]).isEqualTo(philox.uniform(7, i)).isBetween(0.0, 1.0);
        }
    }
}
