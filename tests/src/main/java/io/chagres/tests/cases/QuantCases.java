package io.chagres.tests.cases;

import static io.chagres.tests.cases.Input.real;
import static io.chagres.tests.cases.Input.whole;

import io.chagres.tensor.DType;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Spec;
import io.chagres.tensor.op.Int8Linear;
import java.util.List;

/// Rows of operations on numbers of eight bits.
final class QuantCases {
    private static final Int8Linear PLAIN = new Int8Linear(false);
    private static final Int8Linear BIASED = new Int8Linear(true);

    private QuantCases() {}

    static List<OpCase> rows() {
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
