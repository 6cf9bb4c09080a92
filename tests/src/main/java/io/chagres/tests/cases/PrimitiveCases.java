package io.chagres.tests.cases;

import static io.chagres.tests.cases.Input.bool;
import static io.chagres.tests.cases.Input.real;
import static io.chagres.tests.cases.Input.special;
import static io.chagres.tests.cases.Input.spread;
import static io.chagres.tests.cases.Input.stream;
import static io.chagres.tests.cases.Input.whole;

import io.chagres.tensor.DType;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Spec;
import io.chagres.tensor.op.ArgMax;
import io.chagres.tensor.op.Concat;
import io.chagres.tensor.op.Copy;
import io.chagres.tensor.op.CumSum;
import io.chagres.tensor.op.Full;
import io.chagres.tensor.op.Iota;
import io.chagres.tensor.op.MatMul;
import io.chagres.tensor.op.Max;
import io.chagres.tensor.op.Op;
import io.chagres.tensor.op.Pad;
import io.chagres.tensor.op.RandomUniform;
import io.chagres.tensor.op.SumTo;
import io.chagres.tensor.op.TopK;
import java.util.ArrayList;
import java.util.List;

/// Rows of primitives that move, reduce, multiply and make.
final class PrimitiveCases {
    private static final Tolerance SUMS = new Tolerance(1e-12, 2e-6, 5e-3, 1e-3);

    private PrimitiveCases() {}

    static List<OpCase> rows() {
        List<OpCase> rows = new ArrayList<>();
        products(rows);
        sums(rows);
        order(rows);
        movement(rows);
        creation(rows);
        return rows;
    }

    private static void products(List<OpCase> rows) {
        MatMul op = MatMul.INSTANCE;
        rows.add(
                OpCase.of("matmul", op, real(3, 5), real(5, 4))
                        .within(SUMS)
                        .twice()
                        .rejects(Shape.of(3, 5), Shape.of(4, 5))
                        .rejects(Shape.of(5), Shape.of(5, 4))
                        .rejects(Shape.of(2, 3, 5), Shape.of(3, 5, 4))
                        .rejects(Shape.of(3, 5))
                        .rejects(
                                new Spec(DType.I32, Shape.of(2, 2)),
                                new Spec(DType.I32, Shape.of(2, 2)))
                        .large(op, real(512, 512), real(512, 512))
                        .large(op, real(512, 3072), real(3072, 768)));
        Shape[][] pairs = {
            {Shape.of(2, 3, 4), Shape.of(2, 4, 5)},
            {Shape.of(2, 3, 4), Shape.of(4, 5)},
            {Shape.of(3, 4), Shape.of(2, 4, 5)},
            {Shape.of(2, 1, 3, 4), Shape.of(1, 3, 4, 2)},
            {Shape.of(1, 70), Shape.of(70, 1)},
            {Shape.of(33, 17), Shape.of(17, 35)},
            {Shape.of(1, 40), Shape.of(40, 67)},
            {Shape.of(97, 130), Shape.of(130, 201)},
            {Shape.of(5, 30, 9), Shape.of(5, 9, 31)},
            {Shape.of(2, 0), Shape.of(0, 3)},
            {Shape.of(0, 2), Shape.of(2, 3)}
        };
        for (Shape[] p : pairs) {
            rows.add(
                    OpCase.of("matmul " + p[0] + p[1], op, real(p[0], -2, 2), real(p[1], -2, 2))
                            .within(SUMS));
        }
    }

    private static void sums(List<OpCase> rows) {
        Shape x = Shape.of(2, 3, 5);
        Shape[] targets = {
            Shape.of(),
            Shape.of(5),
            Shape.of(3, 1),
            Shape.of(2, 1, 1),
            Shape.of(1, 3, 5),
            Shape.of(2, 3, 1),
            Shape.of(2, 1, 5),
            Shape.of(1, 1, 1)
        };
        for (Shape to : targets) {
            rows.add(OpCase.of("sum to " + to, new SumTo(to), real(x, -1, 2)).within(SUMS).twice());
        }
        rows.add(
                OpCase.of("sum of rows", new SumTo(Shape.of(3, 1)), real(3, 4))
                        .within(SUMS)
                        .rejects(Shape.of(3, 4), Shape.of(3, 4))
                        .rejects(Shape.of(4, 3))
                        .rejects(Shape.of(3)));
        rows.add(
                OpCase.of("sum of a long row", new SumTo(Shape.of(3, 1)), real(3, 5000))
                        .within(SUMS)
                        .large(new SumTo(Shape.of(1024, 1)), real(1024, 1024)));
        rows.add(
                OpCase.of("sum of long columns", new SumTo(Shape.of(3)), real(5000, 3))
                        .within(SUMS));
        rows.add(OpCase.of("sum of nothing", new SumTo(Shape.of(1, 3)), real(0, 3)));
        rows.add(
                exact("sum of I32", new SumTo(Shape.of(4, 1)), whole(DType.I32, -9, 9, 4, 6))
                        .rejects(new Spec(DType.BOOL, Shape.of(4, 6))));
        rows.add(exact("sum of I64", new SumTo(Shape.of(6)), whole(DType.I64, -9, 9, 4, 6)));
        for (boolean reverse : new boolean[] {false, true}) {
            for (int axis = 0; axis < 3; axis++) {
                String name = "cumSum of axis " + axis + (reverse ? " reversed" : "");
                rows.add(
                        OpCase.of(name, new CumSum(axis, reverse), real(x, -1, 2))
                                .within(SUMS)
                                .twice()
                                .rejects(Shape.of())
                                .rejects(new Spec(DType.BOOL, x)));
            }
        }
        rows.add(
                OpCase.of("sum of a middle axis", new SumTo(Shape.of(90, 1, 40)), real(90, 7, 40))
                        .within(SUMS)
                        .large(new SumTo(Shape.of(2048, 1, 256)), real(2048, 8, 256)));
        rows.add(
                OpCase.of("sum of a long middle axis", new SumTo(Shape.of(2, 1, 3)), real(2, 90, 3))
                        .within(SUMS));
        rows.add(
                OpCase.of("cumSum of many", new CumSum(1, false), real(50, 300))
                        .within(SUMS)
                        .large(new CumSum(1, false), real(1024, 1024)));
        rows.add(exact("cumSum of I32", new CumSum(0, false), whole(DType.I32, -9, 9, 4, 6)));
    }

    private static void order(List<OpCase> rows) {
        for (int axis = 0; axis < 3; axis++) {
            Input x = spread(Shape.of(2, 3, 6), -2, 2);
            rows.add(
                    exact("max of axis " + axis, new Max(axis), x)
                            .twice()
                            .rejects(Shape.of())
                            .rejects(Shape.of(0, 0, 0)));
            rows.add(
                    exact("argMax of axis " + axis, new ArgMax(axis), x)
                            .rejects(Shape.of())
                            .rejects(Shape.of(0, 0, 0)));
        }
        Input ties = special(Shape.of(2, 4), 1, 3, 3, -0.0, Double.NaN, 5, Double.NaN, 0);
        Input infinite = special(Shape.of(1, 3), Double.NEGATIVE_INFINITY, -1, -2);
        rows.add(exact("max of an axis at ties", new Max(1), ties));
        rows.add(exact("argMax at ties", new ArgMax(1), ties));
        rows.add(exact("topK at ties", new TopK(3), ties));
        rows.add(exact("max of an axis, infinities", new Max(0), infinite));
        rows.add(exact("argMax of zeros", new ArgMax(0), special(Shape.of(3), -0.0, 0, -0.0)));
        rows.add(exact("max of an axis, a long row", new Max(1), real(2, 3000)));
        rows.add(exact("max of an axis, I32", new Max(1), whole(DType.I32, -9, 9, 3, 7)));
        rows.add(exact("argMax of I64", new ArgMax(0), whole(DType.I64, -9, 9, 3, 7)));
        rows.add(
                exact("topK", new TopK(3), spread(Shape.of(2, 8), -2, 2))
                        .twice()
                        .rejects(Shape.of(2, 2))
                        .rejects(Shape.of()));
        rows.add(exact("topK of everything", new TopK(6), spread(Shape.of(2, 2, 6), -2, 2)));
        rows.add(
                exact("topK of many", new TopK(6), real(500, 64))
                        .large(new TopK(8), real(4096, 64)));
        rows.add(
                exact("argMax of many", new ArgMax(1), real(60, 50, 7))
                        .large(new ArgMax(1), real(4096, 64)));
        rows.add(exact("topK of I32", new TopK(4), whole(DType.I32, -4, 4, 3, 9)));
    }

    private static void movement(List<OpCase> rows) {
        rows.add(
                exact("concat", new Concat(1), real(2, 3), real(2, 1), real(2, 2))
                        .twice()
                        .rejects(Shape.of(2, 3), Shape.of(3, 3))
                        .rejects(Shape.of(2, 3), Shape.of(2, 3, 1))
                        .rejects(new Shape[] {})
                        .rejects(
                                new Spec(DType.F32, Shape.of(2, 2)),
                                new Spec(DType.F64, Shape.of(2, 2))));
        rows.add(exact("concat of axis 0", new Concat(0), real(2, 3), real(0, 3), real(1, 3)));
        rows.add(exact("concat of middle axis", new Concat(1), real(2, 1, 3), real(2, 2, 3)));
        rows.add(exact("concat of BOOL", new Concat(0), bool(5), bool(4)));
        rows.add(exact("concat of I64", new Concat(0), whole(DType.I64, -9, 9, 3), big(2)));
        rows.add(exact("copy", Copy.INSTANCE, real(3, 5)).twice().rejects(Shape.of(), Shape.of()));
        rows.add(exact("copy of I64", Copy.INSTANCE, big(3)));
        rows.add(
                exact("pad", new Pad(1, 2, 1, 9), real(2, 4))
                        .twice()
                        .rejects(Shape.of(2, 8))
                        .rejects(Shape.of(2)));
        rows.add(exact("pad with gaps", new Pad(0, 1, 3, 9), real(3, 2)).twice());
        rows.add(exact("pad of nothing", new Pad(0, 1, 1, 3), real(0, 2)));
        rows.add(exact("pad of I32", new Pad(1, 0, 2, 6), whole(DType.I32, -9, 9, 2, 3)));
    }

    private static void creation(List<OpCase> rows) {
        for (DType d : DType.values()) {
            double v = d == DType.BOOL ? 1 : d.isFloat() ? 0.5 : -3;
            rows.add(
                    exact("full of " + d, new Full(new Spec(d, Shape.of(2, 3)), v))
                            .rejects(Shape.of()));
        }
        for (DType d : List.of(DType.F64, DType.F32, DType.BF16, DType.F16, DType.I32, DType.I64)) {
            rows.add(
                    exact("iota of " + d, new Iota(new Spec(d, Shape.of(3, 4, 2)), 1))
                            .rejects(Shape.of()));
        }
        rows.add(exact("iota of a long row", new Iota(new Spec(DType.I32, Shape.of(5000)), 0)));
        rows.add(
                exact("randomUniform", new RandomUniform(Shape.of(3, 7)), stream(7, 1L << 40))
                        .rejects(Shape.of(3))
                        .rejects(new Spec(DType.I32, Shape.of(2)))
                        .large(new RandomUniform(Shape.of(1 << 20)), stream(7, 0)));
        rows.add(exact("randomUniform of a scalar", new RandomUniform(Shape.of()), stream(-3, 2)));
    }

    /// Numbers that a double cannot hold exactly lose bits on any way through floats.
    private static Input big(int n) {
        double[] v = new double[n];
        for (int i = 0; i < n; i++) {
            v[i] = 0x1p62 + i * 0x1p11;
        }
        return Input.given(DType.I64, Shape.of(n), v);
    }

    private static OpCase exact(String name, Op op, Input... in) {
        return OpCase.of(name, op, in).within(Tolerance.EXACT);
    }
}
