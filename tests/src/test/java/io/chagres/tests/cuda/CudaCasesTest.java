package io.chagres.tests.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import io.chagres.kernels.gpu.CudaBackend;
import io.chagres.kernels.gpu.driver.CudaLibrary;
import io.chagres.ptx.driver.FakeCuda;
import io.chagres.tests.cases.CaseTests;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/// Every row on the CUDA backend, whose PTX the interpreter runs behind a fake driver.
class CudaCasesTest {
    private static final FakeCuda CUDA = FakeCuda.builder().build();
    private static final CudaBackend GPU =
            new CudaBackend(CudaLibrary.of(CUDA.lookup()), 0, true);

    @AfterAll
    static void close() {
        GPU.close();
        CUDA.close();
    }

    @TestFactory
    Stream<DynamicNode> rows() {
        return CaseTests.of(GPU);
    }

    @Test
    void itIsTheDeviceOfTheDriver() {
        assertThat(GPU.name()).isEqualTo("cuda:0");
        assertThat(GPU.describe()).contains("sm_80", "Softmax");
    }
}
