package io.chagres.tests.cases;

import io.chagres.tensor.DType;
import io.chagres.tensor.backend.Backend;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicContainer;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.function.Executable;

/// Turns rows into tests.
public final class CaseTests {
    private CaseTests() {}

    /// All that the table says about a backend.
    public static Stream<DynamicNode> of(Backend backend) {
        return OpCases.all().stream()
                .map(row -> DynamicContainer.dynamicContainer(row.name(), tests(row, backend)));
    }

    private static List<DynamicTest> tests(OpCase row, Backend backend) {
        List<DynamicTest> tests = new ArrayList<>();
        for (DType d : row.dtypes()) {
            add(tests, "values in " + d, () -> ValueChecks.equalsReference(row, backend, d));
            if (d == DType.F64 || d == DType.F32 || d == DType.BF16) {
                add(tests, "layouts in " + d, () -> ValueChecks.anyLayout(row, backend, d));
            }
        }
        if (!row.rejected().isEmpty()) {
            add(tests, "refused inputs", () -> ValueChecks.refuses(row));
        }
        if (row.hasGradient(DType.F64)) {
            add(tests, "partial gradients", () -> GradientChecks.partial(row, backend));
            if (staysF64(row)) {
                add(tests, "gradient", () -> GradientChecks.gradient(row, backend));
                if (row.secondOrder()) {
                    add(tests, "second order", () -> GradientChecks.secondOrder(row, backend));
                } else if (row.gradOf() != null) {
                    add(
                            tests,
                            "second order or refusal",
                            () -> GradientChecks.secondOrderOrRefusal(row, backend));
                }
            }
        }
        return tests;
    }

    /// Differences of rounded results say nothing about a derivative.
    private static boolean staysF64(OpCase row) {
        var out = row.op().infer(row.specs(DType.F64));
        for (int i : row.gradOutputs(DType.F64)) {
            if (out[i].dtype() != DType.F64) {
                return false;
            }
        }
        return true;
    }

    private static void add(List<DynamicTest> tests, String name, Executable body) {
        tests.add(DynamicTest.dynamicTest(name, body));
    }
}
