package io.chagres.tests.cases;

import io.chagres.kernels.cpu.reference.ReferenceBackend;
import io.chagres.tensor.backend.Backend;
import io.chagres.tensor.backend.BackendProvider;
import io.chagres.tensor.backend.Backends;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.DynamicContainer;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;

/// Every row on every backend: the reference and all that can be opened here, with two threads.
@Tag("width")
class OpCasesTest {
    private static final List<Backend> BACKENDS = backends();

    @TestFactory
    Stream<DynamicNode> rows() {
        return BACKENDS.stream()
                .map(b -> DynamicContainer.dynamicContainer(b.name(), CaseTests.of(b)));
    }

    @AfterAll
    static void close() {
        BACKENDS.forEach(Backend::close);
    }

    private static List<Backend> backends() {
        List<Backend> all = new ArrayList<>();
        all.add(new ReferenceBackend());
        for (BackendProvider p : Backends.providers()) {
            if (p.unavailable().isEmpty()) {
                all.add(p.open(2));
            }
        }
        return all;
    }
}
