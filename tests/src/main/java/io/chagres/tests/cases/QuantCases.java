package io.chagres.tests.cases;

import static io.chagres.tests.cases.Input.real;
import static io.chagres.tests.cases.Input.special;
import static io.chagres.tests.cases.Input.whole;

import io.chagres.tensor.DType;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Spec;
import io.chagres.tensor.op.Int8Linear;
import io.chagres.tensor.op.Int8LinearDynamic;
import io.chagres.tensor.op.Quantize;
import java.util.ArrayList;
import java.util.List;

/// Rows of operations on numbers of eight bits.
final class QuantCases {
    private static final Int8Linear PLAIN = new Int8Linear(false);
    private static final Int8Linear BIASED = new Int8Linear(true);
    private static final Int8LinearDynamic DYNAMIC = new Int8LinearDynamic(false);

    /// Sums of integers and what follows in F32 are exact; a narrow result is rounded once.
    private static final Tolerance INTEGERS =
            new Tolerance(0, 0, Tolerance.ROUNDED.bf16(), Tolerance.ROUNDED.f16());

    private QuantCases() {}

    static List<OpCase> rows() {
        List<OpCase> rows = new ArrayList<>();
        rows.addAll(weightOnly());
        rows.addAll(dynamic());
        rows.addAll(quantize());
        return rows;
    }

    private static List<OpCase> weightOnly() {
        return List.of(
                OpCase.of("int8Linear", PLAIN, real(2, 3, 17), weights(9, 17), scales(9))
                        .within(Tolerance.CHAIN)
                        .twice()
                        .rejects(Shape.of(2, 3, 17), Shape.of(17, 9), Shape.of(9))
                        .rejects(Shape.of(2, 3, 17), Shape.of(9, 17), Shape.of(17))
                        .rejects(Shape.of(2, 3, 17), Shape.of(9, 17), Shape.of(9, 2))
                        .rejects(Shape.of(2, 3, 17), Shape.of(9, 17))
                        .rejects(f32(2, 17), f32(9, 17), f32(9))
                        .large(PLAIN, real(1, 768), weights(3072, 768), scales(3072))
                        .large(PLAIN, real(512, 768), weights(3072, 768), scales(3072)),
                OpCase.of(
                                "int8Linear of groups, with bias",
                                BIASED,
                                real(3, 64),
                                weights(11, 64),
                                scales(11, 2),
                                real(11))
                        .within(Tolerance.CHAIN)
                        .twice()
                        .rejects(Shape.of(3, 64), Shape.of(11, 64), Shape.of(11, 2), Shape.of(64))
                        .rejects(Shape.of(3, 64), Shape.of(11, 64), Shape.of(11, 2))
                        .large(
                                BIASED,
                                real(1, 768),
                                weights(3072, 768),
                                scales(3072, 24),
                                real(3072)),
                OpCase.of("int8Linear of a vector", PLAIN, real(24), weights(7, 24), scales(7, 3))
                        .within(Tolerance.CHAIN),
                OpCase.of(
                                "int8Linear of many rows",
                                BIASED,
                                real(19, 48),
                                weights(33, 48),
                                scales(33, 3),
                                real(33))
                        .within(Tolerance.CHAIN));
    }

    private static List<OpCase> dynamic() {
        return List.of(
                OpCase.of(
                                "int8LinearDynamic",
                                DYNAMIC,
                                rounded(2, 3, 17),
                                weights(9, 17),
                                scales(9))
                        .within(INTEGERS)
                        .rejects(Shape.of(2, 3, 17), Shape.of(17, 9), Shape.of(9))
                        .rejects(Shape.of(2, 3, 17), Shape.of(9, 17), Shape.of(9, 2))
                        .rejects(Shape.of(2, 3, 0), Shape.of(9, 0), Shape.of(9))
                        .rejects(f32(2, 17), f32(9, 17), f32(9))
                        .large(DYNAMIC, rounded(1, 768), weights(3072, 768), scales(3072))
                        .large(DYNAMIC, rounded(512, 768), weights(3072, 768), scales(3072)),
                dynamic(" of groups", rounded(3, 64), weights(11, 64), scales(11, 2), rounded(11)),
                dynamic(" of a vector", rounded(24), weights(7, 24), scales(7, 3), rounded(7)),
                dynamic(
                        " of many rows",
                        rounded(19, 200),
                        weights(41, 200),
                        scales(41),
                        rounded(41)),
                dynamic(
                        " of many rows and groups",
                        rounded(2, 19, 48),
                        weights(33, 48),
                        scales(33, 3),
                        rounded(33)),
                dynamic(
                        " of uneven groups",
                        rounded(20, 30),
                        weights(5, 30),
                        scales(5, 5),
                        rounded(5)),
                dynamic(" of no row", rounded(0, 8), weights(3, 8), scales(3), rounded(3)));
    }

    private static OpCase dynamic(String what, Input... in) {
        return OpCase.of("int8LinearDynamic" + what, new Int8LinearDynamic(true), in)
                .within(INTEGERS);
    }

    private static List<OpCase> quantize() {
        return List.of(
                OpCase.of("quantize", new Quantize(0), real(2, 3, 37))
                        .within(Tolerance.EXACT)
                        .rejects(Shape.of())
                        .rejects(Shape.of(4, 0))
                        .rejects(new Spec(DType.I32, Shape.of(2, 3)))
                        .large(new Quantize(0), real(1024, 768)),
                OpCase.of("quantize of groups", new Quantize(32), real(5, 96))
                        .within(Tolerance.EXACT)
                        .rejects(Shape.of(5, 80)),
                OpCase.of("quantize of a vector", new Quantize(8), real(24))
                        .within(Tolerance.EXACT),
                OpCase.of(
                                "quantize of halves, zeros and infinity",
                                new Quantize(4),
                                special(
                                        Shape.of(2, 8),
                                        127,
                                        0.5,
                                        -1.5,
                                        2.5,
                                        0,
                                        -0.0,
                                        0,
                                        0,
                                        Double.POSITIVE_INFINITY,
                                        1,
                                        2,
                                        3,
                                        1e-38,
                                        -1e-38,
                                        0,
                                        0))
                        .within(Tolerance.EXACT),
                OpCase.of("quantize of no row", new Quantize(2), real(0, 6))
                        .within(Tolerance.EXACT));
    }

    /// What is rounded to 8 bits has no derivative that differences could show.
    private static Input rounded(long... dims) {
        return real(dims).asConstant();
    }

    private static Input weights(long out, long in) {
        return whole(DType.I8, -127, 128, out, in);
    }

    private static Input scales(long... dims) {
        return real(Shape.of(dims), 0.001, 0.02).as(DType.F32).asConstant();
    }

    private static Spec f32(long... dims) {
        return new Spec(DType.F32, Shape.of(dims));
    }
}
