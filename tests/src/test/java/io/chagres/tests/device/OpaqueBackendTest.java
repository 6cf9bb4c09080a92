package io.chagres.tests.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.chagres.kernels.cpu.reference.ReferenceBackend;
import io.chagres.tensor.Interpreter;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.memory.TensorArena;
import io.chagres.tensor.op.Unary;
import io.chagres.tests.cases.CaseTests;
import java.lang.foreign.Arena;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

class OpaqueBackendTest {
    private final OpaqueBackend device = new OpaqueBackend();

    @TestFactory
    Stream<DynamicNode> everyRowRunsOnOpaqueMemory() {
        return CaseTests.of(device);
    }

    @Test
    void hostCodeCannotLookIntoItsMemory() {
        try (TensorArena arena = device.arena("device")) {
            Tensor t = Tensor.of(arena, Shape.of(2), 1f, 2f);
            assertThat(t.address()).isGreaterThanOrEqualTo(1L << 56);
            assertThatThrownBy(() -> t.storage().segment())
                    .isInstanceOf(UnsupportedOperationException.class)
                    .hasMessageContaining("opaque:0");
            assertThat(t.toFloats()).containsExactly(1, 2);
        }
    }

    @Test
    void computingCopiesNothingToTheHost() {
        try (TensorArena weights = device.arena("weights");
                TensorArena step = device.arena("step")) {
            Tensor x = Tensor.of(weights, Shape.of(2, 2), 1f, 2f, 3f, 4f);
            long before = device.hostCopies();
            long during =
                    step.call(() -> {
                        Tensor y = x.matmul(x.transpose()).add(x).exp();
                        Interpreter.run(Unary.LOG, y).sum(0);
                        return device.hostCopies();
                    });
            assertThat(during).isEqualTo(before);
        }
        assertThat(device.openBlocks()).isZero();
    }

    @Test
    void tensorsMoveBetweenDevicesByCopyToOnly() {
        try (ReferenceBackend cpu = new ReferenceBackend();
                TensorArena there = device.arena("there");
                TensorArena here = cpu.arena("here");
                TensorArena step = cpu.arena("step")) {
            Tensor a = Tensor.of(here, Shape.of(2, 3), 1f, 2f, 3f, 4f, 5f, 6f);
            Tensor b = step.call(() -> a.transpose().copyTo(there));
            assertThat(b.toFloats()).containsExactly(1, 4, 2, 5, 3, 6);
            assertThat(b.copyTo(here).storage().segment().byteSize()).isPositive();
            assertThatThrownBy(() -> step.call(() -> a.transpose().add(b).item()))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("opaque:0")
                    .hasMessageContaining("copyTo");
        }
    }

    @Test
    void anAddressOutsideItsBlocksIsRefused() {
        try (Arena host = Arena.ofConfined();
                TensorArena arena = device.arena("device")) {
            Tensor t = Tensor.of(arena, Shape.of(2), 1f, 2f);
            long end = t.address() + arena.capacity() + TensorArena.ALIGNMENT;
            assertThatThrownBy(() -> device.memory().read(end, host.allocate(8)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("no block");
        }
    }
}
