package io.chagres.kernels.cpu.elementwise;

import static org.assertj.core.api.Assertions.assertThat;

import io.chagres.kernels.cpu.pool.WorkerPool;
import io.chagres.kernels.cpu.vector.Native;
import java.util.function.DoubleBinaryOperator;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class BinaryTest {
    @ParameterizedTest
    @EnumSource
    void everyPairOfBroadcastsEqualsTheDoubleReference(BinaryOp op) {
        int[][] shapes = {{1, 1}, {1, 40}, {3, 5}, {7, 16}, {5, 67}, {4, 130}};
        for (Broadcast aKind : Broadcast.values()) {
            for (Broadcast bKind : Broadcast.values()) {
                for (int[] shape : shapes) {
                    check(op, aKind, bKind, shape[0], shape[1]);
                }
            }
        }
    }

    private static void check(BinaryOp op, Broadcast aKind, Broadcast bKind, int rows, int n) {
        try (Native memory = new Native(rows * 1000L + n);
                WorkerPool pool = new WorkerPool(2)) {
            float[] a = memory.normals(count(aKind, rows, n), 2);
            float[] b = memory.normals(count(bKind, rows, n), 2);
            double[] expected = new double[rows * n];
            DoubleBinaryOperator exact = exact(op);
            for (int i = 0; i < expected.length; i++) {
                expected[i] = exact.applyAsDouble(a[index(aKind, i, n)], b[index(bKind, i, n)]);
            }
            long left = memory.of(a);
            long right = memory.of(b);
            String what = op + " of " + aKind + " and " + bKind + " " + rows + "x" + n;
            long y = memory.floats(rows * n);
            Binary.apply(op, left, aKind, right, bKind, y, rows, n);
            memory.assertClose(what, y, expected, 8e-7, 8e-7);
            long parallel = memory.floats(rows * n);
            Binary.apply(pool, op, left, aKind, right, bKind, parallel, rows, n);
            assertThat(Native.get(parallel, rows * n)).isEqualTo(Native.get(y, rows * n));
            memory.assertGuardsIntact();
            if (aKind == Broadcast.FULL && bKind == Broadcast.FULL) {
                Binary.apply(op, left, right, left, (long) rows * n);
                assertThat(Native.get(left, rows * n)).isEqualTo(Native.get(y, rows * n));
            }
        }
    }

    @Test
    void longArraysAreCutWithoutGapsWhateverTheThreads() {
        int size = (int) (3 * Grain.ELEMENTS + 5);
        try (Native n = new Native(8);
                WorkerPool three = new WorkerPool(3)) {
            float[] a = n.normals(size, 1);
            float[] b = n.normals(size, 1);
            long y = n.floats(size);
            Binary.apply(three, BinaryOp.SUB, n.of(a), n.of(b), y, size);
            long z = n.floats(size);
            Binary.applyScalar(three, BinaryOp.MUL, n.of(a), 1.5f, z, size);
            for (int i = 0; i < size; i++) {
                assertThat(Native.at(y, i)).isEqualTo(a[i] - b[i]);
                assertThat(Native.at(z, i)).isEqualTo(a[i] * 1.5f);
            }
            n.assertGuardsIntact();
        }
    }

    @Test
    void maxAndMinKeepNaN() {
        try (Native n = new Native(9)) {
            long a = n.of(Float.NaN, 1f, 2f);
            long b = n.of(1f, Float.NaN, 3f);
            long y = n.floats(3);
            Binary.apply(BinaryOp.MAX, a, b, y, 3);
            assertThat(Native.get(y, 3)).containsExactly(Float.NaN, Float.NaN, 3f);
            Binary.apply(BinaryOp.MIN, a, b, y, 3);
            assertThat(Native.get(y, 3)).containsExactly(Float.NaN, Float.NaN, 2f);
        }
    }

    @Test
    void swigluGradientEqualsTheDoubleReference() {
        try (Native n = new Native(10);
                WorkerPool pool = new WorkerPool(2)) {
            for (int size : new int[] {1, 16, 37, (int) Grain.ELEMENTS + 3}) {
                float[] d = n.normals(size, 1);
                float[] g = n.normals(size, 2);
                float[] u = n.normals(size, 1);
                double[] dGate = new double[size];
                double[] dUp = new double[size];
                for (int i = 0; i < size; i++) {
                    double s = sigmoid(g[i]);
                    dGate[i] = (double) d[i] * u[i] * (s + g[i] * s * (1 - s));
                    dUp[i] = d[i] * (g[i] * s);
                }
                long a = n.floats(size);
                long b = n.floats(size);
                Binary.swigluGradient(pool, n.of(d), n.of(g), n.of(u), a, b, size);
                n.assertClose("dGate", a, dGate, 4e-7, 4e-7);
                n.assertClose("dUp", b, dUp, 4e-7, 4e-7);
            }
        }
    }

    private static int count(Broadcast kind, int rows, int n) {
        return switch (kind) {
            case FULL -> rows * n;
            case ROW -> n;
            case COLUMN -> rows;
            case SCALAR -> 1;
        };
    }

    private static int index(Broadcast kind, int i, int n) {
        return switch (kind) {
            case FULL -> i;
            case ROW -> i % n;
            case COLUMN -> i / n;
            case SCALAR -> 0;
        };
    }

    private static double sigmoid(double x) {
        return 1 / (1 + Math.exp(-x));
    }

    private static DoubleBinaryOperator exact(BinaryOp op) {
        return switch (op) {
            case ADD -> (a, b) -> a + b;
            case SUB -> (a, b) -> a - b;
            case MUL -> (a, b) -> a * b;
            case DIV -> (a, b) -> a / b;
            case MAX -> Math::max;
            case MIN -> Math::min;
            case SWIGLU -> (g, u) -> g * sigmoid(g) * u;
            case RELU_GRADIENT -> (d, x) -> x > 0 ? d : 0;
            case TANH_GRADIENT -> (d, y) -> d * (1 - y * y);
            case SIGMOID_GRADIENT -> (d, y) -> d * y * (1 - y);
            case SILU_GRADIENT -> slope(x -> x * sigmoid(x));
            case GELU_TANH_GRADIENT ->
                    slope(x -> {
                        double u = Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x);
                        return 0.5 * x * (1 + Math.tanh(u));
                    });
            case GELU_ERF_GRADIENT -> slope(x -> 0.5 * x * (1 + Native.erf(x / Math.sqrt(2))));
        };
    }

    /// The gradient by a fourth-order central difference.
    private static DoubleBinaryOperator slope(DoubleUnaryOperator f) {
        double h = 1e-3;
        return (d, x) -> {
            double near = f.applyAsDouble(x + h) - f.applyAsDouble(x - h);
            double far = f.applyAsDouble(x + 2 * h) - f.applyAsDouble(x - 2 * h);
            return d * (8 * near - far) / (12 * h);
        };
    }
}
