package io.chagres.tests.cases;

import static io.chagres.tests.cases.Input.bool;
import static io.chagres.tests.cases.Input.real;

import io.chagres.tensor.Shape;
import io.chagres.tensor.op.Expand;
import io.chagres.tensor.op.Op;
import io.chagres.tensor.op.Permute;
import io.chagres.tensor.op.Reshape;
import io.chagres.tensor.op.Slice;
import io.chagres.tensor.op.StopGradient;
import java.util.List;

/// Rows of views.
final class ViewCases {
    private ViewCases() {}

    static List<OpCase> rows() {
        return List.of(
                view("permute", Permute.of(2, 0, 1), real(2, 3, 4))
                        .rejects(Shape.of(2, 3))
                        .rejects(Shape.of(2, 3, 4, 5)),
                view("permute of BOOL", Permute.of(1, 0), bool(2, 3)),
                view("reshape", new Reshape(Shape.of(4, 3)), real(2, 6)).rejects(Shape.of(2, 5)),
                view("reshape to a scalar", new Reshape(Shape.of()), real(1, 1)),
                view("reshape of nothing", new Reshape(Shape.of(3, 0)), real(0, 5)),
                view("expand", new Expand(Shape.of(4, 2, 3)), real(2, 1))
                        .rejects(Shape.of(4, 2, 2))
                        .rejects(Shape.of(1, 4, 2, 3)),
                view("expand of a scalar", new Expand(Shape.of(2, 3)), real()),
                view("slice", new Slice(1, 1, 3, 2), real(2, 7))
                        .rejects(Shape.of(2, 5))
                        .rejects(Shape.of(7)),
                view("slice of nothing", new Slice(0, 2, 0, 1), real(2, 3)),
                view("slice of rows", new Slice(0, 1, 2, 1), real(4, 3)),
                OpCase.of("stopGradient", StopGradient.INSTANCE, real(2, 3))
                        .within(Tolerance.EXACT));
    }

    private static OpCase view(String name, Op op, Input in) {
        return OpCase.of(name, op, in).within(Tolerance.EXACT).twice();
    }
}
