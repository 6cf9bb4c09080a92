package io.chagres.tests.cases;

import io.chagres.kernels.cpu.reference.ReferenceBackend;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.TestFactory;

/// Every row on the reference itself: rounded dtypes, layouts, gradients.
class ReferenceCasesTest {
    private final ReferenceBackend reference = new ReferenceBackend();

    @TestFactory
    Stream<DynamicNode> rows() {
        return CaseTests.of(reference);
    }
}
