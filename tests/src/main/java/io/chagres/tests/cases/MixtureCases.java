package io.chagres.tests.cases;

import static io.chagres.tests.cases.Input.given;
import static io.chagres.tests.cases.Input.index;
import static io.chagres.tests.cases.Input.real;
import static io.chagres.tests.cases.Input.whole;

import io.chagres.tensor.DType;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Spec;
import io.chagres.tensor.op.BalanceBias;
import io.chagres.tensor.op.CountingSort;
import io.chagres.tensor.op.GroupedInt8Linear;
import io.chagres.tensor.op.GroupedLinear;
import io.chagres.tensor.op.GroupedOuter;
import java.util.ArrayList;
import java.util.List;

/// Rows of what mixtures of experts are made of.
final class MixtureCases {
    private MixtureCases() {}

    static List<OpCase> rows() {
        List<OpCase> rows = new ArrayList<>();
        grouped(rows, "", Shape.of(9, 5), Shape.of(4, 7, 5), 0, 2, 2, 8, 9);
        grouped(rows, " with rows of no group", Shape.of(6, 3), Shape.of(2, 4, 3), 1, 1, 4);
        grouped(rows, " in blocks", Shape.of(70, 40), Shape.of(3, 50, 40), 0, 33, 69, 70);
        rows.add(
                OpCase.of(
                                "groupedLinear of stored weights",
                                GroupedLinear.INSTANCE,
                                real(9, 16).as(DType.F32),
                                real(2, 8, 16).as(DType.BF16),
                                given(DType.I32, Shape.of(3), 0, 4, 9))
                        .within(new Tolerance(1e-5, 1e-5, 1e-5, 1e-5)));
        eightBits(rows, "", Shape.of(9, 24), Shape.of(4, 7, 24), Shape.of(4, 7), 0, 2, 2, 8, 9);
        eightBits(
                rows,
                " with groups of a row",
                Shape.of(40, 16),
                Shape.of(2, 33, 16),
                Shape.of(2, 33, 4),
                1,
                20,
                38);
        rows.add(
                OpCase.of(
                                "countingSort",
                                new CountingSort(4),
                                given(DType.I32, Shape.of(9), 3, 0, 3, 1, 0, 0, 3, 1, 0))
                        .within(Tolerance.EXACT)
                        .rejects(Shape.of(3, 3))
                        .rejects(new Spec(DType.I64, Shape.of(9)))
                        .large(new CountingSort(64), index(64, 1 << 15)));
        rows.add(
                OpCase.of("countingSort of more", new CountingSort(13), index(13, 300))
                        .within(Tolerance.EXACT));
        rows.add(
                OpCase.of(
                                "balanceBias",
                                new BalanceBias(),
                                real(5),
                                Input.special(Shape.of(5), 4, 9, 4, 0, 3),
                                Input.special(Shape.of(), 0.125))
                        .rejects(Shape.of(5), Shape.of(4), Shape.of())
                        .rejects(Shape.of(5), Shape.of(5), Shape.of(1))
                        .rejects(Shape.of(5), Shape.of(5)));
        return rows;
    }

    private static void grouped(
            List<OpCase> rows, String what, Shape x, Shape w, double... offsets) {
        Input at = given(DType.I32, Shape.of(offsets.length), offsets);
        Shape g = Shape.of(x.dim(0), w.dim(1));
        rows.add(
                OpCase.of(
                                "groupedLinear" + what,
                                GroupedLinear.INSTANCE,
                                real(x, -2, 2),
                                real(w, -2, 2),
                                at)
                        .within(Tolerance.LONG)
                        .twice()
                        .rejects(x, w.with(2, 2), at.shape())
                        .rejects(x, w, Shape.of(offsets.length + 1))
                        .rejects(x, w)
                        .large(
                                GroupedLinear.INSTANCE,
                                real(4096, 256),
                                real(16, 256, 256),
                                given(DType.I32, Shape.of(17), evenly(17, 256))));
        rows.add(
                OpCase.of(
                                "groupedOuter" + what,
                                new GroupedOuter(),
                                real(g, -2, 2),
                                real(x, -2, 2),
                                at)
                        .within(Tolerance.LONG)
                        .twice()
                        .rejects(g, x.with(0, 3), at.shape())
                        .rejects(g, x, Shape.of(1))
                        .rejects(g, x)
                        .large(
                                new GroupedOuter(),
                                real(4096, 256),
                                real(4096, 256),
                                given(DType.I32, Shape.of(17), evenly(17, 256))));
    }

    private static void eightBits(
            List<OpCase> rows, String what, Shape x, Shape q, Shape scale, double... offsets) {
        Input at = given(DType.I32, Shape.of(offsets.length), offsets);
        Input frozen = real(scale, 0.001, 0.02).as(DType.F32).asConstant();
        rows.add(
                OpCase.of(
                                "groupedInt8Linear" + what,
                                GroupedInt8Linear.INSTANCE,
                                real(x, -2, 2).as(DType.F32),
                                whole(DType.I8, -127, 128, q.toArray()),
                                frozen,
                                at)
                        .within(new Tolerance(1e-5, 1e-5, 1e-5, 1e-5)) // F32 whatever the row asks
                        .rejects(x, q.with(2, 2), scale, at.shape())
                        .rejects(x, q, scale.with(0, 9), at.shape())
                        .rejects(x, q, scale)
                        .large(
                                GroupedInt8Linear.INSTANCE,
                                real(4096, 256).as(DType.F32),
                                whole(DType.I8, -127, 128, 16, 256, 256),
                                real(Shape.of(16, 256), 0.001, 0.02).as(DType.F32).asConstant(),
                                given(DType.I32, Shape.of(17), evenly(17, 256))));
    }

    private static double[] evenly(int n, int step) {
        double[] v = new double[n];
        for (int i = 0; i < n; i++) {
            v[i] = (double) i * step;
        }
        return v;
    }
}
