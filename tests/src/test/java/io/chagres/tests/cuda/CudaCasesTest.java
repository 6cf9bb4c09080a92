package io.chagres.tests.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import io.chagres.kernels.gpu.CudaBackend;
import io.chagres.kernels.gpu.driver.CudaLibrary;
import io.chagres.ptx.driver.FakeCuda;
import io.chagres.tensor.op.Attention;
import io.chagres.tensor.op.Primitive;
import io.chagres.tests.cases.CaseTests;
import io.chagres.tests.cases.OpCase;
import io.chagres.tests.cases.OpCases;
import java.lang.System.Logger.Level;
import java.util.Iterator;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.DynamicContainer;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/// Every row on the CUDA backend, whose PTX the interpreter runs behind a fake driver. Rows without
/// a kernel of their own are launches of primitives that have rows themselves: for them, the values
/// are checked in every dtype, but not again all layouts and gradients, which would take minutes.
class CudaCasesTest {
    private static final System.Logger LOG = System.getLogger(CudaCasesTest.class.getName());
    private static final FakeCuda CUDA = FakeCuda.builder().build();
    private static final CudaBackend GPU = new CudaBackend(CudaLibrary.of(CUDA.lookup()), 0, true);

    private static final Set<String> TRIED = ConcurrentHashMap.newKeySet();
    private static final Set<String> FAILED = ConcurrentHashMap.newKeySet();

    @AfterAll
    static void close() {
        GPU.close();
        LOG.log(
                Level.INFO,
                "{0} rows passed by CudaBackend of {1}; {2} kernels and {3} forms of PTX instructions"
                        + " executed",
                TRIED.size() - FAILED.size(),
                OpCases.all().size(),
                CUDA.executedKernels().size(),
                CUDA.executedForms().size());
        CUDA.close();
    }

    @TestFactory
    Stream<DynamicNode> rows() {
        Iterator<OpCase> rows = OpCases.all().iterator();
        return CaseTests.of(GPU)
                .map(tests -> {
                    OpCase row = rows.next();
                    assertThat(tests.getDisplayName()).isEqualTo(row.name());
                    return counted((DynamicContainer) tests, hasKernel(row) ? "" : "values");
                });
    }

    /// Attention has one for BF16 and F16 only, so its gradients in F64 are launches of primitives;
    /// [CudaAttentionTest] tests its layouts.
    private static boolean hasKernel(OpCase row) {
        return row.op() instanceof Primitive
                || (GPU.kernels().has(row.op()) && !(row.op() instanceof Attention));
    }

    /// The tests whose names begin so.
    private static DynamicNode counted(DynamicContainer row, String begin) {
        return DynamicContainer.dynamicContainer(
                row.getDisplayName(),
                row.getChildren()
                        .filter(t -> t.getDisplayName().startsWith(begin))
                        .map(t -> counted(row.getDisplayName(), (DynamicTest) t)));
    }

    private static DynamicTest counted(String row, DynamicTest test) {
        return DynamicTest.dynamicTest(
                test.getDisplayName(),
                () -> {
                    TRIED.add(row);
                    boolean passed = false;
                    try {
                        test.getExecutable().execute();
                        passed = true;
                    } finally {
                        if (!passed) {
                            FAILED.add(row);
                        }
                    }
                });
    }

    @Test
    void itIsTheDeviceOfTheDriver() {
        assertThat(GPU.name()).isEqualTo("cuda:0");
        assertThat(GPU.describe()).contains("sm_80", "Softmax");
    }
}
