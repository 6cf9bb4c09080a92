package io.chagres.tests.cases;

import static io.chagres.tests.cases.Input.bool;
import static io.chagres.tests.cases.Input.given;
import static io.chagres.tests.cases.Input.real;
import static io.chagres.tests.cases.Input.special;
import static io.chagres.tests.cases.Input.whole;
import static java.lang.Double.NEGATIVE_INFINITY;
import static java.lang.Double.NaN;
import static java.lang.Double.POSITIVE_INFINITY;

import io.chagres.tensor.DType;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Spec;
import io.chagres.tensor.op.ArgSort;
import java.util.ArrayList;
import java.util.List;

/// Rows of sorting.
final class SortCases {
    private SortCases() {}

    static List<OpCase> rows() {
        List<OpCase> rows = new ArrayList<>();
        rows.add(
                sort("", real(3, 2, 17))
                        .rejects(Shape.of())
                        .rejects(Shape.of(2), Shape.of(2))
                        .rejects(new Spec(DType.F32, Shape.of(1L << 31)))
                        .large(ArgSort.INSTANCE, whole(DType.I32, 0, 512, 16, 8192))
                        .large(ArgSort.INSTANCE, real(16, 8192)));
        rows.add(
                sort(
                        " of zeros, infinities and NaN",
                        special(
                                Shape.of(2, 6),
                                NaN,
                                POSITIVE_INFINITY,
                                0.0,
                                NEGATIVE_INFINITY,
                                -0.0,
                                NaN,
                                -0.0,
                                -1,
                                NaN,
                                0.0,
                                1,
                                -0.0)));
        rows.add(sort(" of a long row", real(2, 1500)));
        rows.add(sort(" of one key", real(3, 1)));
        rows.add(sort(" of no key", real(3, 0)));
        rows.add(sort(" of no row", real(0, 3)));
        rows.add(sort(" of BOOL", bool(3, 40)));
        rows.add(sort(" of a vector of few values", whole(DType.I32, -2, 3, 700)));
        for (DType d : List.of(DType.I8, DType.I32, DType.I64)) {
            rows.add(sort(" of " + d, whole(d, -100, 100, 3, 70)));
        }
        rows.add(
                sort(" of far I32", whole(DType.I32, Integer.MIN_VALUE, Integer.MAX_VALUE, 2, 90)));
        rows.add(
                sort(
                        " of far I64",
                        given(
                                DType.I64,
                                Shape.of(7),
                                Long.MAX_VALUE,
                                0,
                                Long.MIN_VALUE,
                                -1,
                                1,
                                Long.MIN_VALUE,
                                1L << 40)));
        return rows;
    }

    private static OpCase sort(String what, Input keys) {
        return OpCase.of("argSort" + what, ArgSort.INSTANCE, keys).within(Tolerance.EXACT);
    }
}
