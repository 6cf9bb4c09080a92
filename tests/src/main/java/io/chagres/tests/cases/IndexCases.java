package io.chagres.tests.cases;

import static io.chagres.tests.cases.Input.bool;
import static io.chagres.tests.cases.Input.index;
import static io.chagres.tests.cases.Input.real;
import static io.chagres.tests.cases.Input.whole;

import io.chagres.tensor.DType;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Spec;
import io.chagres.tensor.op.Gather;
import io.chagres.tensor.op.IndexAdd;
import io.chagres.tensor.op.IndexSelect;
import io.chagres.tensor.op.Op;
import io.chagres.tensor.op.ScatterAdd;
import java.util.ArrayList;
import java.util.List;

/// Rows of primitives that work by index.
final class IndexCases {
    private static final Tolerance SUMS = new Tolerance(1e-12, 1e-6, 5e-3, 1e-3);

    private IndexCases() {}

    static List<OpCase> rows() {
        List<OpCase> rows = new ArrayList<>();
        for (DType d : List.of(DType.I32, DType.I64)) {
            rows.add(
                    exact(
                                    "gather of axis 1 by " + d,
                                    new Gather(1),
                                    real(2, 5, 3),
                                    at(d, 5, 2, 4, 3))
                            .twice()
                            .rejects(Shape.of(2, 5, 3), Shape.of(2, 4, 4))
                            .rejects(Shape.of(2, 5, 3), Shape.of(2, 4))
                            .rejects(f32(2, 5), f32(2, 5)));
            rows.add(
                    OpCase.of(
                                    "scatterAdd of axis 1 by " + d,
                                    new ScatterAdd(1, 5),
                                    real(2, 9, 3),
                                    at(d, 5, 2, 9, 3))
                            .within(SUMS)
                            .twice()
                            .rejects(Shape.of(2, 9, 3), Shape.of(2, 9, 2))
                            .rejects(f32(2, 5), f32(2, 5)));
            rows.add(
                    exact("indexSelect by " + d, IndexSelect.INSTANCE, real(6, 4), at(d, 6, 2, 3))
                            .twice()
                            .rejects(Shape.of(), Shape.of(2))
                            .rejects(f32(2, 5), f32(2))
                            .large(IndexSelect.INSTANCE, real(4096, 384), index(4096, 2048)));
            rows.add(
                    OpCase.of("indexAdd by " + d, new IndexAdd(6), real(2, 7, 4), at(d, 6, 2, 7))
                            .within(SUMS)
                            .twice()
                            .rejects(Shape.of(2, 7, 4), Shape.of(7, 2))
                            .rejects(Shape.of(2), Shape.of(2, 1))
                            .rejects(f32(2, 5), f32(2))
                            .large(new IndexAdd(4096), real(2048, 384), index(4096, 2048)));
        }
        rows.add(exact("gather of axis 0", new Gather(0), real(5, 3), index(5, 1, 3)).twice());
        rows.add(exact("gather of last axis", new Gather(1), real(4, 40), index(40, 4, 1)));
        rows.add(exact("gather of BOOL", new Gather(0), bool(5, 3), index(5, 2, 3)));
        rows.add(
                OpCase.of("scatterAdd of axis 0", new ScatterAdd(0, 4), real(6, 3), index(4, 6, 3))
                        .within(SUMS));
        rows.add(
                exact(
                        "scatterAdd of I32",
                        new ScatterAdd(0, 2),
                        whole(DType.I32, -9, 9, 6, 3),
                        index(2, 6, 3)));
        rows.add(
                exact("gather of many", new Gather(1), real(300, 70), index(70, 300, 9))
                        .large(new Gather(1), real(4096, 64), index(64, 4096, 8)));
        rows.add(
                OpCase.of(
                                "scatterAdd of many",
                                new ScatterAdd(1, 70),
                                real(300, 9),
                                index(70, 300, 9))
                        .within(SUMS)
                        .large(new ScatterAdd(1, 64), real(4096, 8), index(64, 4096, 8)));
        rows.add(
                OpCase.of(
                                "scatterAdd of wide rows",
                                new ScatterAdd(0, 4),
                                real(6, 1500),
                                index(4, 6, 1500))
                        .within(SUMS));
        rows.add(
                exact(
                        "indexSelect of deep rows",
                        IndexSelect.INSTANCE,
                        real(5, 2, 3),
                        index(5, 4)));
        rows.add(exact("indexSelect by a scalar", IndexSelect.INSTANCE, real(5, 3), index(5)));
        rows.add(exact("indexSelect of scalars", IndexSelect.INSTANCE, real(5), index(5, 4)));
        rows.add(
                exact(
                        "indexSelect of I64",
                        IndexSelect.INSTANCE,
                        whole(DType.I64, -9, 9, 5, 2),
                        index(5, 4)));
        rows.add(
                OpCase.of("indexAdd in blocks", new IndexAdd(50), real(700, 33), index(50, 700))
                        .within(SUMS));
        rows.add(
                exact("indexSelect in blocks", IndexSelect.INSTANCE, real(50, 33), index(50, 700)));
        rows.add(
                OpCase.of("indexAdd of scalars", new IndexAdd(3), real(8), index(3, 8))
                        .within(SUMS));
        rows.add(
                exact(
                        "indexAdd of I32",
                        new IndexAdd(3),
                        whole(DType.I32, -9, 9, 8, 2),
                        index(3, 8)));
        return rows;
    }

    private static Input at(DType dtype, long n, long... dims) {
        return index(n, dims).as(dtype);
    }

    private static OpCase exact(String name, Op op, Input... in) {
        return OpCase.of(name, op, in).within(Tolerance.EXACT);
    }

    private static Spec f32(long... dims) {
        return new Spec(DType.F32, Shape.of(dims));
    }
}
