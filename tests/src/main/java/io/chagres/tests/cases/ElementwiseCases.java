package io.chagres.tests.cases;

import static io.chagres.tests.cases.Input.bool;
import static io.chagres.tests.cases.Input.real;
import static io.chagres.tests.cases.Input.special;
import static io.chagres.tests.cases.Input.spread;
import static io.chagres.tests.cases.Input.whole;
import static java.lang.Double.NEGATIVE_INFINITY;
import static java.lang.Double.NaN;
import static java.lang.Double.POSITIVE_INFINITY;

import io.chagres.tensor.DType;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Spec;
import io.chagres.tensor.op.Affine;
import io.chagres.tensor.op.Binary;
import io.chagres.tensor.op.Cast;
import io.chagres.tensor.op.Compare;
import io.chagres.tensor.op.Op;
import io.chagres.tensor.op.Select;
import io.chagres.tensor.op.Unary;
import java.util.ArrayList;
import java.util.List;

/// Rows of element-wise primitives.
final class ElementwiseCases {
    private static final Shape S = Shape.of(3, 14);
    private static final double[] EXTREMES = {
        0.0,
        -0.0,
        1,
        -1,
        0.5,
        -0.5,
        30,
        -30,
        88,
        -88,
        200,
        -200,
        1e-7,
        -1e-7,
        65504,
        -65504,
        POSITIVE_INFINITY,
        NEGATIVE_INFINITY,
        NaN
    };

    private ElementwiseCases() {}

    static List<OpCase> rows() {
        List<OpCase> rows = new ArrayList<>();
        unary(rows);
        binary(rows);
        for (Compare c : Compare.values()) {
            rows.add(
                    exact(c.toString(), c, whole(DType.F32, 0, 3, 4, 5), whole(DType.F32, 0, 3, 5))
                            .rejects(Shape.of(4, 5), Shape.of(4))
                            .rejects(f32(4), new Spec(DType.F64, Shape.of(4))));
            rows.add(exact(c + " of floats", c, extremes(), special(Shape.of(1), 1)));
            for (DType d : List.of(DType.I8, DType.I32, DType.I64)) {
                rows.add(exact(c + " of " + d, c, whole(d, -2, 2, 4, 5), whole(d, -2, 2, 4, 5)));
            }
        }
        for (Input x : List.of(real(3, 5), whole(DType.I32, -300, 300, 3, 5), bool(3, 5))) {
            for (DType to : DType.values()) {
                String name = "cast " + (x.fixed() == null ? "float" : x.fixed()) + " to " + to;
                boolean half = to == DType.BF16 || to == DType.F16;
                Tolerance t = to == DType.F32 ? new Tolerance(1e-7, 0, 0, 0) : Tolerance.EXACT;
                rows.add(
                        OpCase.of(name, new Cast(to), x)
                                .within(half ? new Tolerance(4e-3, 4e-3, 4e-3, 4e-3) : t));
            }
        }
        rows.add(
                OpCase.of("affine", new Affine(-1.5, 0.25), real(3, 5))
                        .twice()
                        .rejects(Shape.of(2), Shape.of(2)));
        rows.add(exact("affine of I32", new Affine(3, -2), whole(DType.I32, -9, 9, 7)));
        rows.add(exact("affine of I64", new Affine(-1, 0), whole(DType.I64, -9, 9, 7)));
        rows.add(
                exact("select", Select.INSTANCE, bool(3, 4), real(3, 4), real(4))
                        .twice()
                        .rejects(Shape.of(3), Shape.of(2), Shape.of(3))
                        .rejects(f32(3), f32(3), f32(3))
                        .rejects(
                                new Spec(DType.BOOL, Shape.of(3)),
                                f32(3),
                                new Spec(DType.F64, Shape.of(3))));
        rows.add(exact("select of scalars", Select.INSTANCE, bool(), real(3, 1), real(1, 4)));
        rows.add(
                exact(
                        "select of I64",
                        Select.INSTANCE,
                        bool(4),
                        whole(DType.I64, -9, 9, 4),
                        whole(DType.I64, -9, 9, 1)));
        rows.add(
                exact("select in blocks", Select.INSTANCE, bool(40, 30, 1), real(30, 9), real(1))
                        .large(Select.INSTANCE, bool(2048, 8, 1), real(2048, 8, 8), real(1)));
        rows.add(exact("select of BOOL", Select.INSTANCE, bool(3, 4), bool(3, 4), bool(4)));
        return rows;
    }

    private static void unary(List<OpCase> rows) {
        for (Unary u : Unary.values()) {
            Input domain =
                    switch (u) {
                        case LOG, SQRT, RSQRT -> real(S, 0.3, 3);
                        case RELU, ABS, SIGN -> spread(S, -2, 2);
                        default -> real(S, -2, 2);
                    };
            rows.add(
                    OpCase.of(u.toString(), u, domain)
                            .twice()
                            .rejects(Shape.of(2), Shape.of(2))
                            .rejects(new Spec(DType.I32, Shape.of(2)))
                            .large(u, real(Shape.of(1 << 20), 0.3, 3)));
            boolean periodic = u == Unary.SIN || u == Unary.COS;
            Input hard = periodic ? special(Shape.of(4), -0.0, 31.5, -9e3, NaN) : extremes();
            rows.add(OpCase.of(u + " of extremes", u, hard));
            rows.add(OpCase.of(u + " of a scalar", u, real(Shape.of(), 0.3, 3)));
            rows.add(OpCase.of(u + " of nothing", u, real(Shape.of(0, 3), 0.3, 3)));
        }
    }

    private static void binary(List<OpCase> rows) {
        for (Binary b : Binary.values()) {
            boolean order = b == Binary.MAX || b == Binary.MIN;
            Input x = order ? spread(S, -2, 2) : real(S, 0.5, 2);
            Input y = order ? spread(S, -1.9, 2.1) : real(S, 0.5, 2);
            rows.add(
                    OpCase.of(b.toString(), b, x, y)
                            .twice()
                            .rejects(Shape.of(3, 4), Shape.of(3))
                            .rejects(Shape.of(3), Shape.of(2))
                            .rejects(f32(3), new Spec(DType.F16, Shape.of(3)))
                            .rejects(Shape.of(3))
                            .large(b, real(1 << 20), real(1 << 20)));
            broadcast(rows, b, Shape.of(2, 3, 5), Shape.of(5));
            broadcast(rows, b, Shape.of(3, 1), Shape.of(2, 1, 4));
            broadcast(rows, b, Shape.of(4, 1), Shape.of(1, 4));
            broadcast(rows, b, Shape.of(), Shape.of(2, 3));
            broadcast(rows, b, Shape.of(2, 3, 1), Shape.of());
            broadcast(rows, b, Shape.of(7, 2, 1), Shape.of(7, 1, 40));
            Input e = extremes();
            if (b != Binary.POW) {
                rows.add(OpCase.of(b + " of extremes", b, e, special(Shape.of(), 2)));
                rows.add(OpCase.of(b + " by extremes", b, special(Shape.of(), -3), e));
                for (DType d : List.of(DType.I8, DType.I32, DType.I64)) {
                    rows.add(exact(b + " of " + d, b, whole(d, -9, 9, 4, 3), whole(d, 1, 9, 3)));
                    rows.add(exact(b + " of full " + d, b, whole(d, -9, 9, 8), whole(d, 1, 9, 8)));
                    rows.add(exact(b + " by a " + d, b, whole(d, -9, 9, 8), whole(d, 2, 5)));
                }
            }
        }
        rows.add(exact("mul of BOOL", Binary.MUL, bool(4, 6), bool(6)));
        rows.add(exact("max of BOOL", Binary.MAX, bool(4, 6), bool(6)));
        rows.add(
                OpCase.of(
                        "max at ties",
                        Binary.MAX,
                        special(Shape.of(3), 1, 2, 3),
                        special(Shape.of(3), 1, 1, 4)));
    }

    private static void broadcast(List<OpCase> rows, Binary b, Shape x, Shape y) {
        boolean order = b == Binary.MAX || b == Binary.MIN;
        rows.add(
                OpCase.of(
                        b + " of " + x + " and " + y,
                        b,
                        order ? spread(x, 0.51, 2) : real(x, 0.5, 2),
                        order ? spread(y, 0.47, 2.2) : real(y, 0.5, 2)));
    }

    private static Input extremes() {
        return special(Shape.of(EXTREMES.length), EXTREMES);
    }

    private static OpCase exact(String name, Op op, Input... in) {
        return OpCase.of(name, op, in).within(Tolerance.EXACT);
    }

    private static Spec f32(long... dims) {
        return new Spec(DType.F32, Shape.of(dims));
    }
}
