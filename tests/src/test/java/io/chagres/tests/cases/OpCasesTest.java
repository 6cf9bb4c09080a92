package io.chagres.tests.cases;

import io.chagres.tensor.backend.Backend;
import io.chagres.tensor.backend.Backends;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.DynamicContainer;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;

/// Every row on every backend that can be opened here, with two threads; at each vector width.
@Tag("width")
class OpCasesTest {
    private static final List<Backend> BACKENDS =
            Backends.providers().stream()
                    .filter(p -> p.unavailable().isEmpty())
                    .map(p -> p.open(2))
                    .toList();

    @TestFactory
    Stream<DynamicNode> rows() {
        return BACKENDS.stream()
                .map(b -> DynamicContainer.dynamicContainer(b.name(), CaseTests.of(b)));
    }

    @AfterAll
    static void close() {
        BACKENDS.forEach(Backend::close);
    }
}
