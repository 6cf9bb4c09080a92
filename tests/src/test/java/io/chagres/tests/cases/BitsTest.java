package io.chagres.tests.cases;

import static org.assertj.core.api.Assertions.assertThat;

import io.chagres.tensor.DType;
import io.chagres.tensor.backend.Backend;
import io.chagres.tensor.backend.BackendProvider;
import io.chagres.tensor.backend.Backends;
import io.chagres.tensor.op.Binary;
import io.chagres.tensor.op.Unary;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicContainer;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/// The bits of a result depend neither on the number of threads nor on how often the code ran
/// before.
class BitsTest {
    private static final int[] THREADS = {1, 2, 3};
    private static final int REPEATS = 40;

    // Narrow operands run through the loops of F32 ones, but for conversions and products.
    private static final int NARROW_REPEATS = 8;

    @TestFactory
    Stream<DynamicNode> everyRow() {
        return Backends.providers().stream()
                .filter(p -> p.unavailable().isEmpty())
                .map(p -> DynamicContainer.dynamicContainer(p.kind(), rows(p)));
    }

    private static Stream<DynamicNode> rows(BackendProvider provider) {
        return OpCases.all().stream()
                .filter(row -> row.dtypes().contains(DType.F32))
                .flatMap(row ->
                        Stream.concat(
                                Stream.concat(Stream.of(row), large(row))
                                        .map(r -> test(r, DType.F32, provider)),
                                Stream.of(test(row, DType.BF16, provider))));
    }

    private static DynamicNode test(OpCase row, DType dtype, BackendProvider provider) {
        return DynamicTest.dynamicTest(
                row.name() + " in " + dtype, () -> check(row, dtype, provider));
    }

    /// One function stands for all that run through the same loops.
    private static Stream<OpCase> large(OpCase row) {
        boolean another =
                (row.op() instanceof Unary && row.op() != Unary.EXP)
                        || (row.op() instanceof Binary && row.op() != Binary.ADD);
        return another ? Stream.of() : row.large().stream();
    }

    private static void check(OpCase row, DType dtype, BackendProvider provider) {
        double[][] values = row.values();
        double[][] want = null;
        for (int threads : THREADS) {
            try (Backend backend = provider.open(threads);
                    Trial trial = new Trial(backend)) {
                boolean big = values.length > 0 && values[0].length > 10_000;
                int repeats = big ? 1 : dtype == DType.F32 ? REPEATS : NARROW_REPEATS;
                for (int n = 0; n < repeats; n++) {
                    double[][] got = once(row, dtype, trial, values);
                    if (want == null) {
                        want = got;
                    }
                    for (int i = 0; i < got.length; i++) {
                        assertThat(got[i])
                                .as("%s, result %d, %d threads, run %d", row, i, threads, n)
                                .isEqualTo(want[i]);
                    }
                }
            }
        }
    }

    private static double[][] once(OpCase row, DType dtype, Trial trial, double[][] values) {
        try {
            return trial.run(row, trial.inputs(row, dtype, values, Layouts.CONTIGUOUS));
        } finally {
            trial.inputs.reset();
        }
    }
}
