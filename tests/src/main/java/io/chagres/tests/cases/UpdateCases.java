package io.chagres.tests.cases;

import static io.chagres.tests.cases.Input.given;
import static io.chagres.tests.cases.Input.real;
import static io.chagres.tests.cases.Input.whole;

import io.chagres.tensor.DType;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Spec;
import io.chagres.tensor.op.Accumulate;
import io.chagres.tensor.op.AdamW;
import io.chagres.tensor.op.AdamW8bit;
import io.chagres.tensor.op.Assign;
import io.chagres.tensor.op.KvAppend;
import java.util.List;

/// Rows of updates: what is compared are the inputs they write.
final class UpdateCases {
    /// All of it is computed in F32.
    private static final Tolerance SINGLE = new Tolerance(1e-6, 2e-6, 3e-2, 4e-3);

    private UpdateCases() {}

    static List<OpCase> rows() {
        Shape s = Shape.of(3, 37);
        Shape pages = Shape.of(5, 2, 4, 3);
        Shape fresh = Shape.of(2, 3, 2, 3);
        Input step = given(DType.F64, Shape.of(3), 0.01, 3, 0.5);
        AdamW adamW = new AdamW(0.9, 0.95, 1e-8, 0.1);
        Input moment = real(s, 0.1, 1);
        AdamW8bit adamW8bit = new AdamW8bit(0.9, 0.95, 1e-8, 0.1, 7);
        Shape big = Shape.of(1 << 20);
        return List.of(
                OpCase.of(
                                "adamW",
                                adamW,
                                real(s, -2, 2),
                                real(s, -1, 1),
                                moment,
                                real(s, -1, 1),
                                step)
                        .within(Tolerance.CHAIN)
                        .rejects(s, s, s, s, Shape.of(2))
                        .rejects(s, s, Shape.of(37), s, Shape.of(3))
                        .rejects(s, s, s, s)
                        .large(
                                adamW,
                                real(big, -1, 1),
                                real(big, -1, 1),
                                real(big, 0, 1),
                                real(big, -1, 1),
                                step),
                OpCase.of(
                                "adamW with masters in F32",
                                adamW,
                                real(s, -2, 2),
                                real(s, -1, 1).as(DType.F32),
                                moment.as(DType.F32),
                                real(s, -1, 1).as(DType.BF16),
                                step)
                        .within(new Tolerance(1e-6, 2e-6, 5e-3, 1e-3)),
                OpCase.of(
                                "adamW in blocks",
                                adamW,
                                real(9001),
                                real(9001),
                                real(Shape.of(9001), 0, 1),
                                real(9001),
                                step)
                        .within(Tolerance.CHAIN),
                eightBit("adamW8bit", s, adamW8bit)
                        .rejects(s, s, Shape.of(1), s, Shape.of(1), s)
                        .rejects(s, s, Shape.of(2), s, Shape.of(1), s, Shape.of(3))
                        .rejects(s, s, Shape.of(1), s, Shape.of(1), Shape.of(37), Shape.of(3))
                        .large(adamW8bit, eightBitInputs(big)),
                eightBit("adamW8bit in blocks", Shape.of(9001), adamW8bit),
                eightBit("adamW8bit of whole blocks", Shape.of(4, 128), adamW8bit),
                OpCase.of(
                                "adamW8bit from nothing",
                                adamW8bit,
                                real(300),
                                given(DType.I8, Shape.of(300), new double[300]),
                                given(DType.F32, Shape.of(2), 0, 0),
                                given(DType.I8, Shape.of(300), new double[300]),
                                given(DType.F32, Shape.of(2), 0, 0),
                                real(Shape.of(300), -1, 1).as(DType.F32),
                                step)
                        .within(SINGLE),
                OpCase.of("assign", Assign.INSTANCE, real(s, -1, 1), real(s, -2, 2))
                        .within(Tolerance.EXACT)
                        .rejects(Shape.of(37), s)
                        .rejects(Shape.of(37)),
                OpCase.of("assign of a row", Assign.INSTANCE, real(s, -1, 1), real(37))
                        .within(Tolerance.EXACT),
                OpCase.of(
                                "assign to I64",
                                Assign.INSTANCE,
                                whole(DType.I64, 0, 9, 5),
                                whole(DType.I32, 0, 9, 5))
                        .within(Tolerance.EXACT),
                OpCase.of("accumulate", new Accumulate(1), real(s, -1, 1), real(s, -2, 2))
                        .within(Tolerance.CHAIN)
                        .rejects(s, Shape.of(37))
                        .rejects(s),
                OpCase.of("accumulate scaled", new Accumulate(-0.3), real(s, -1, 1), real(s, -2, 2))
                        .within(Tolerance.CHAIN),
                OpCase.of(
                                "kvAppend",
                                KvAppend.INSTANCE,
                                real(pages, -1, 1),
                                real(pages, -1, 1),
                                real(fresh, -2, 2),
                                real(fresh, -2, 2),
                                given(DType.I32, Shape.of(2, 2), 4, 1, 2, 0),
                                given(DType.I32, Shape.of(2), 2, 4))
                        .within(Tolerance.EXACT)
                        .rejects(pages, pages, fresh, fresh, Shape.of(2, 2), Shape.of(3))
                        .rejects(pages, pages, fresh, fresh.with(1, 2), Shape.of(2, 2), Shape.of(2))
                        .rejects(
                                spec(pages),
                                spec(pages),
                                new Spec(DType.F16, fresh),
                                spec(fresh),
                                new Spec(DType.I32, Shape.of(2, 2)),
                                new Spec(DType.I32, Shape.of(2))));
    }

    private static OpCase eightBit(String name, Shape s, AdamW8bit op) {
        return OpCase.of(name, op, eightBitInputs(s)).within(SINGLE);
    }

    private static Input[] eightBitInputs(Shape s) {
        long blocks = AdamW8bit.blocks(s.size());
        long[] dims = new long[s.rank()];
        for (int i = 0; i < dims.length; i++) {
            dims[i] = s.dim(i);
        }
        return new Input[] {
            real(s, -2, 2),
            whole(DType.I8, -127, 128, dims),
            real(Shape.of(blocks), 0.1, 1).as(DType.F32),
            whole(DType.I8, -128, 128, dims),
            real(Shape.of(blocks), 0.1, 1).as(DType.F32),
            real(s, -1, 1).as(DType.F32),
            given(DType.F64, Shape.of(3), 0.01, 3, 0.5)
        };
    }

    private static Spec spec(Shape s) {
        return new Spec(DType.F32, s);
    }
}
