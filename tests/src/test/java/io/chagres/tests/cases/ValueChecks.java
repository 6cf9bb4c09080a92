package io.chagres.tests.cases;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.chagres.kernels.cpu.reference.ReferenceBackend;
import io.chagres.tensor.DType;
import io.chagres.tensor.ShapeMismatch;
import io.chagres.tensor.Spec;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.backend.Backend;
import io.chagres.tensor.op.Primitive;
import io.chagres.tensor.op.Reshape;
import io.chagres.tensor.op.Update;
import java.util.Arrays;
import java.util.List;

/// What a row says about values.
final class ValueChecks {
    private ValueChecks() {}

    /// The op equals its decomposition, computed by the reference in double precision from the same
    /// inputs, rounded to the tested dtype.
    static void equalsReference(OpCase row, Backend backend, DType tested) {
        try (Trial trial = new Trial(backend);
                Trial truth = new Trial(new ReferenceBackend())) {
            Tensor[] in = trial.inputs(row, tested, row.values(), Layouts.CONTIGUOUS);
            double[][] rounded = Trial.toDoubles(in);
            double[][] want =
                    truth.run(row, truth.inputs(row, DType.F64, rounded, Layouts.CONTIGUOUS));
            compare(row, tested, trial.run(row, in), want);
            double[][] after = Trial.toDoubles(in);
            for (int i = 0; i < in.length; i++) {
                if (!writes(row, i)) {
                    assertThat(after[i]).as("input %d after the op", i).isEqualTo(rounded[i]);
                }
            }
        }
    }

    /// Elements in any layout give what the same elements give when contiguous.
    static void anyLayout(OpCase row, Backend backend, DType tested) {
        double[][] values = row.values();
        for (Layouts layout : Layouts.values()) {
            for (int only = -1; only < (values.length > 1 ? values.length : 0); only++) {
                try (Trial trial = new Trial(backend)) {
                    Tensor[] in = trial.inputs(row, tested, values, Layouts.CONTIGUOUS);
                    Tensor[] strided = in.clone();
                    for (int i = 0; i < in.length; i++) {
                        if ((only < 0 || only == i) && fits(row, i, layout)) {
                            Input of = row.inputs().get(i);
                            strided[i] =
                                    layout.tensor(
                                            trial.inputs, of.dtype(tested), of.shape(), values[i]);
                        }
                    }
                    if (row.op() instanceof Reshape r
                            && strided[0].layout().reshape(r.to()).isEmpty()) {
                        assertThatThrownBy(() -> trial.run(row, strided))
                                .isInstanceOf(ShapeMismatch.class)
                                .hasMessageContaining("without a copy");
                        continue;
                    }
                    double[][] same = Trial.toDoubles(strided);
                    double[][] want =
                            trial.run(row, trial.inputs(row, tested, same, Layouts.CONTIGUOUS));
                    compare(row, tested, trial.run(row, strided), want);
                }
            }
        }
    }

    /// Inputs that do not fit are refused with a message that names the op.
    static void refuses(OpCase row) {
        for (List<Spec> specs : row.rejected()) {
            assertThatThrownBy(() -> row.op().infer(specs.toArray(Spec[]::new)))
                    .as("%s of %s", row, specs)
                    .isInstanceOf(ShapeMismatch.class)
                    .satisfies(e -> assertThat(e.getMessage()).containsIgnoringCase(row.label()));
        }
    }

    private static void compare(OpCase row, DType tested, double[][] got, double[][] want) {
        assertThat(got.length).as("number of results of %s", row).isEqualTo(want.length);
        DType[] dtypes = resultDTypes(row, tested);
        for (int i = 0; i < got.length; i++) {
            if (!(row.op() instanceof Primitive)) {
                assertThat(Arrays.stream(want[i]).anyMatch(Double::isNaN))
                        .as("NaN in the expected result %d of %s", i, row)
                        .isFalse();
            }
            String what = row + " in " + tested + ", result " + i;
            double tolerance = dtypes[i].isFloat() ? row.tolerance().of(tested) : 0;
            Close.check(what, got[i], want[i], tolerance, dtypes[i]);
        }
    }

    private static DType[] resultDTypes(OpCase row, DType tested) {
        Spec[] in = row.specs(tested);
        if (row.op() instanceof Update update) {
            return Arrays.stream(update.writes())
                    .mapToObj(i -> in[i].dtype())
                    .toArray(DType[]::new);
        }
        return Arrays.stream(row.op().infer(in)).map(Spec::dtype).toArray(DType[]::new);
    }

    private static boolean fits(OpCase row, int input, Layouts layout) {
        boolean chosen = row.inputs().get(input).fixed() != null;
        return layout != Layouts.EXPANDED || !(chosen || writes(row, input));
    }

    private static boolean writes(OpCase row, int input) {
        return row.op() instanceof Update update
                && Arrays.stream(update.writes()).anyMatch(i -> i == input);
    }
}
