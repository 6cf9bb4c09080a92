package io.chagres.ptx.driver;

import static org.assertj.core.api.Assertions.assertThat;

import io.chagres.ptx.machine.PtxFault;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// The driver's functions through native stubs, as a binding calls them.
class FakeCudaTest {
    private static final MemorySegment NULL = MemorySegment.NULL;

    private Arena arena;

    @BeforeEach
    void open() {
        arena = Arena.ofConfined();
    }

    @AfterEach
    void close() {
        arena.close();
    }

    private Calls on(FakeCuda cuda) {
        return new Calls(cuda.lookup(), arena);
    }

    private static String basics() throws IOException {
        try (InputStream in =
                FakeCudaTest.class.getResourceAsStream("/io/chagres/ptx/basics.ptx")) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private MemorySegment floats(float... x) {
        return arena.allocateFrom(ValueLayout.JAVA_FLOAT, x);
    }

    @Test
    void scalesAVector() throws IOException {
        try (FakeCuda cuda = FakeCuda.builder().build()) {
            Calls c = on(cuda);
            c.start();
            MemorySegment f = c.function(basics(), "scale");
            int variables = cuda.liveAllocations();
            MemorySegment stream = c.handle("cuStreamCreate", 1);
            long x = c.out("cuMemAllocAsync", 12L, stream);
            assertThat(c.call("cuMemcpyHtoDAsync_v2", x, floats(1, 2, 3), 12L, stream)).isZero();
            assertThat(c.launch(f, 1, 32, 0, stream, c.params(x, 3, 2f))).isZero();
            MemorySegment y = arena.allocate(12);
            assertThat(c.call("cuMemcpyDtoHAsync_v2", y, x, 12L, stream)).isZero();
            assertThat(c.call("cuStreamSynchronize", stream)).isZero();
            assertThat(y.toArray(ValueLayout.JAVA_FLOAT)).containsExactly(2, 4, 6);
            assertThat(cuda.liveAllocations()).isEqualTo(variables + 1);
            assertThat(c.call("cuMemFreeAsync", x, stream)).isZero();
            assertThat(c.call("cuStreamDestroy_v2", stream)).isZero();
            assertThat(cuda.liveAllocations()).isEqualTo(variables);
            assertThat(cuda.calls())
                    .startsWith("cuInit", "cuDevicePrimaryCtxRetain", "cuCtxSetCurrent");
            assertThat(cuda.failures()).isEmpty();
            assertThat(cuda.executedKernels()).containsExactly("scale");
            assertThat(cuda.executedForms()).contains("ret", "mul.f32").doesNotContain("bar.sync");
        }
    }

    @Test
    void statesOfADriver() {
        try (FakeCuda cuda = FakeCuda.builder().absent().build()) {
            assertThat(cuda.lookup().find("cuInit")).isEmpty();
        }
        try (FakeCuda cuda = FakeCuda.builder().broken(803).build()) {
            assertThat(on(cuda).call("cuInit", 0)).isEqualTo(803);
        }
        try (FakeCuda cuda = FakeCuda.builder().devices(0).build()) {
            assertThat(on(cuda).call("cuInit", 0)).isEqualTo(100);
        }
        try (FakeCuda cuda =
                FakeCuda.builder().driverVersion(11020).without("cuLaunchKernelEx").build()) {
            Calls c = on(cuda);
            assertThat((int) c.out("cuDriverGetVersion")).isEqualTo(11020);
            assertThat(cuda.lookup().find("cuLaunchKernelEx")).isEmpty();
            c.start();
            MemorySegment out = arena.allocate(8);
            String ptx = ".version 8.0\n.target sm_80\n.address_size 64\n";
            assertThat(c.call("cuModuleLoadData", out, c.text(ptx))).isEqualTo(222);
            assertThat(c.call("cuModuleLoadData", out, c.text(ptx.replace("8.0", "7.0")))).isZero();
            assertThat(
                            c.call(
                                    "cuModuleLoadData",
                                    out,
                                    c.text(ptx.replace("8.0\n", "7.0\n").replace("80", "86"))))
                    .isEqualTo(209);
        }
    }

    @Test
    void orderOfInitialisation() {
        try (FakeCuda cuda =
                FakeCuda.builder().computeCapability(9, 0).memory(1 << 20).devices(2).build()) {
            Calls c = on(cuda);
            MemorySegment out = arena.allocate(64);
            assertThat(c.call("cuDeviceGetCount", out)).isEqualTo(3);
            assertThat(c.call("cuInit", 0)).isZero();
            assertThat((int) c.out("cuDeviceGetCount")).isEqualTo(2);
            assertThat(c.call("cuDeviceGet", out, 2)).isEqualTo(101);
            assertThat(c.call("cuMemAlloc_v2", out, 4L)).isEqualTo(201);
            assertThat(c.call("cuCtxSetCurrent", MemorySegment.ofAddress(5))).isEqualTo(201);
            MemorySegment context = c.handle("cuDevicePrimaryCtxRetain", 1);
            assertThat(c.call("cuCtxSetCurrent", context)).isZero();
            assertThat(c.handle("cuCtxGetCurrent")).isEqualTo(context);
            assertThat((int) c.out("cuDeviceGetAttribute", 75, 1)).isEqualTo(9);
            assertThat(c.call("cuDeviceGetName", out, 64, 0)).isZero();
            assertThat(out.getString(0)).contains("sm_90");
            assertThat(c.out("cuDeviceTotalMem_v2", 0)).isEqualTo(1 << 20);
            assertThat(c.call("cuMemAlloc_v2", out, 2L << 20)).isEqualTo(2);
            assertThat(c.call("cuMemAlloc_v2", out, 0L)).isEqualTo(1);
            assertThat(c.call("cuMemFree_v2", 12345L)).isEqualTo(1);
        }
    }

    @Test
    void aFaultIsStickyAndComesLater() throws IOException {
        try (FakeCuda cuda = FakeCuda.builder().build()) {
            Calls c = on(cuda);
            c.start();
            MemorySegment f = c.function(basics(), "scale");
            long x = c.out("cuMemAlloc_v2", 12L);
            assertThat(c.launch(f, 1, 32, 0, NULL, c.params(x, 4, 2f))).isZero();
            assertThat(c.call("cuCtxSynchronize")).isEqualTo(700);
            assertThat(c.call("cuMemAlloc_v2", arena.allocate(8), 8L)).isEqualTo(700);
            assertThat(c.launch(f, 1, 32, 0, NULL, c.params(x, 3, 2f))).isEqualTo(700);
            assertThat(cuda.faults())
                    .hasSize(1)
                    .first()
                    .extracting(PtxFault::kind)
                    .isEqualTo(PtxFault.Kind.OUT_OF_BOUNDS);
            MemorySegment name = arena.allocate(8);
            assertThat(c.call("cuGetErrorName", 700, name)).isZero();
            assertThat(name.get(ValueLayout.ADDRESS, 0).reinterpret(100).getString(0))
                    .isEqualTo("CUDA_ERROR_ILLEGAL_ADDRESS");
            assertThat(c.call("cuGetErrorString", 12345, name)).isEqualTo(1);
        }
    }

    @Test
    void argumentsOfLaunchesAreChecked() throws IOException {
        try (FakeCuda cuda = FakeCuda.builder().build()) {
            Calls c = on(cuda);
            c.start();
            MemorySegment f = c.function(basics(), "scale");
            MemorySegment p = c.params(0L, 0, 0f);
            assertThat(c.launch(f, 0, 32, 0, NULL, p)).isEqualTo(1);
            assertThat(c.launch(f, 1, 1025, 0, NULL, p)).isEqualTo(1);
            assertThat(c.launch(f, 1, 32, 50000, NULL, p)).isEqualTo(1);
            assertThat(c.call("cuFuncSetAttribute", f, 8, 50000)).isZero();
            assertThat(c.launch(f, 1, 32, 50000, NULL, p)).isZero();
            assertThat(c.call("cuFuncSetAttribute", f, 8, 1 << 20)).isEqualTo(1);
            assertThat(c.launch(NULL, 1, 32, 0, NULL, p)).isEqualTo(400);
            assertThat(c.launch(f, 1, 32, 0, MemorySegment.ofAddress(99), p)).isEqualTo(400);
            MemorySegment module = c.handle("cuModuleLoadData", c.text(basics()));
            assertThat(c.call("cuModuleGetFunction", arena.allocate(8), module, c.text("nothing")))
                    .isEqualTo(500);
            assertThat(c.call("cuModuleUnload", module)).isZero();
        }
    }

    @Test
    void parametersInOneBuffer() throws IOException {
        try (FakeCuda cuda = FakeCuda.builder().build()) {
            Calls c = on(cuda);
            c.start();
            MemorySegment f = c.function(basics(), "scale");
            long x = c.out("cuMemAlloc_v2", 8L);
            c.call("cuMemcpyHtoD_v2", x, floats(3, 4), 8L);
            MemorySegment block = arena.allocate(16, 8);
            block.set(ValueLayout.JAVA_LONG, 0, x);
            block.set(ValueLayout.JAVA_INT, 8, 2);
            block.set(ValueLayout.JAVA_FLOAT, 12, 10f);
            MemorySegment size = arena.allocateFrom(ValueLayout.JAVA_LONG, 16);
            MemorySegment extra =
                    arena.allocateFrom(
                            ValueLayout.JAVA_LONG, 1, block.address(), 2, size.address(), 0);
            assertThat(c.call("cuLaunchKernel", f, 1, 1, 1, 32, 1, 1, 0, NULL, NULL, extra))
                    .isZero();
            MemorySegment config = arena.allocate(56, 8);
            for (int i = 0; i < 6; i++) {
                config.setAtIndex(ValueLayout.JAVA_INT, i, i == 3 ? 2 : 1);
            }
            assertThat(c.call("cuLaunchKernelEx", config, f, NULL, extra)).isZero();
            MemorySegment y = arena.allocate(8);
            assertThat(c.call("cuMemcpyDtoH_v2", y, x, 8L)).isZero();
            assertThat(y.toArray(ValueLayout.JAVA_FLOAT)).containsExactly(300, 400);
        }
    }

    @Test
    void graphsReplayTheirWork() throws IOException {
        try (FakeCuda cuda = FakeCuda.builder().build()) {
            Calls c = on(cuda);
            c.start();
            MemorySegment f = c.function(basics(), "scale");
            MemorySegment stream = c.handle("cuStreamCreate", 1);
            long x = c.out("cuMemAlloc_v2", 4L);
            c.call("cuMemcpyHtoD_v2", x, floats(1), 4L);
            assertThat(c.call("cuStreamBeginCapture_v2", stream, 0)).isZero();
            assertThat(c.launch(f, 1, 32, 0, stream, c.params(x, 1, 2f))).isZero();
            MemorySegment status = arena.allocate(4);
            assertThat(c.call("cuStreamIsCapturing", stream, status)).isZero();
            assertThat(status.get(ValueLayout.JAVA_INT, 0)).isEqualTo(1);
            MemorySegment out = arena.allocate(8);
            assertThat(c.call("cuStreamEndCapture", stream, out)).isZero();
            MemorySegment graph = MemorySegment.ofAddress(out.get(ValueLayout.JAVA_LONG, 0));
            MemorySegment run = c.handle("cuGraphInstantiateWithFlags", graph, 0L);
            for (int i = 0; i < 3; i++) {
                assertThat(c.call("cuGraphLaunch", run, stream)).isZero();
            }
            MemorySegment y = arena.allocate(4);
            c.call("cuMemcpyDtoH_v2", y, x, 4L);
            assertThat(y.get(ValueLayout.JAVA_FLOAT, 0)).isEqualTo(8f);
            assertThat(c.call("cuGraphExecUpdate_v2", run, graph, arena.allocate(24))).isZero();
            assertThat(c.call("cuGraphExecDestroy", run)).isZero();
            assertThat(c.call("cuGraphDestroy", graph)).isZero();

            c.call("cuStreamBeginCapture_v2", stream, 0);
            assertThat(c.call("cuStreamSynchronize", stream)).isEqualTo(900);
            assertThat(c.call("cuStreamEndCapture", stream, out)).isEqualTo(901);
        }
    }

    @Test
    void deferredStreamsShowAMissingWait() throws IOException {
        try (FakeCuda cuda = FakeCuda.builder().deferred().build()) {
            Calls c = on(cuda);
            c.start();
            MemorySegment f = c.function(basics(), "scale");
            MemorySegment a = c.handle("cuStreamCreate", 1);
            MemorySegment b = c.handle("cuStreamCreate", 1);
            long x = c.out("cuMemAlloc_v2", 4L);
            c.call("cuMemcpyHtoD_v2", x, floats(1), 4L);
            MemorySegment y = arena.allocate(4);
            c.launch(f, 1, 32, 0, a, c.params(x, 1, 2f));
            assertThat(c.call("cuStreamQuery", a)).isEqualTo(600);
            c.call("cuMemcpyDtoHAsync_v2", y, x, 4L, b);
            assertThat(y.get(ValueLayout.JAVA_FLOAT, 0)).as("without a wait").isEqualTo(1f);
            MemorySegment event = c.handle("cuEventCreate", 0);
            c.call("cuEventRecord", event, a);
            assertThat(c.call("cuEventQuery", event)).isEqualTo(600);
            c.call("cuStreamWaitEvent", b, event, 0);
            c.call("cuMemcpyDtoHAsync_v2", y, x, 4L, b);
            assertThat(y.get(ValueLayout.JAVA_FLOAT, 0)).as("with a wait").isEqualTo(2f);
            assertThat(c.call("cuEventQuery", event)).isZero();
            MemorySegment pinned = c.handle("cuMemHostAlloc", 4L, 0).reinterpret(4);
            pinned.set(ValueLayout.JAVA_FLOAT, 0, 5f);
            c.call("cuMemcpyHtoDAsync_v2", x, pinned, 4L, a);
            pinned.set(ValueLayout.JAVA_FLOAT, 0, 6f);
            c.call("cuCtxSynchronize");
            c.call("cuMemcpyDtoH_v2", y, x, 4L);
            assertThat(y.get(ValueLayout.JAVA_FLOAT, 0))
                    .as("pinned memory was overwritten too early")
                    .isEqualTo(6f);
            assertThat(cuda.livePinned()).isEqualTo(1);
            assertThat(c.call("cuMemFreeHost", pinned)).isZero();
        }
    }

    @Test
    void refusedPtxIsExplainedInTheLog() {
        try (FakeCuda cuda = FakeCuda.builder().build()) {
            Calls c = on(cuda);
            c.start();
            MemorySegment buffer = arena.allocate(200);
            MemorySegment options = arena.allocateFrom(ValueLayout.JAVA_INT, 5, 6);
            MemorySegment values =
                    arena.allocateFrom(ValueLayout.JAVA_LONG, buffer.address(), 200L);
            String ptx = ".version 7.0\n.target sm_80\n.entry k() { wrong; }";
            assertThat(
                            c.call(
                                    "cuModuleLoadDataEx",
                                    arena.allocate(8),
                                    c.text(ptx),
                                    2,
                                    options,
                                    values))
                    .isEqualTo(218);
            assertThat(buffer.getString(0)).contains("PTX line 3").contains("wrong");
        }
    }

    @Test
    void fillsAndCopies() {
        try (FakeCuda cuda = FakeCuda.builder().build()) {
            Calls c = on(cuda);
            c.start();
            long x = c.out("cuMemAlloc_v2", 16L);
            long y = c.out("cuMemAlloc_v2", 16L);
            assertThat(c.call("cuMemsetD32Async", x, 0x01020304, 4L, NULL)).isZero();
            assertThat(c.call("cuMemsetD8Async", x, (byte) 9, 1L, NULL)).isZero();
            assertThat(c.call("cuMemsetD16Async", x + 2, (short) 0x5555, 1L, NULL)).isZero();
            assertThat(c.call("cuMemcpyDtoDAsync_v2", y, x, 16L, NULL)).isZero();
            MemorySegment out = arena.allocate(16);
            c.call("cuMemcpyDtoH_v2", out, y, 16L);
            assertThat(out.toArray(ValueLayout.JAVA_INT))
                    .containsExactly(0x55550309, 0x01020304, 0x01020304, 0x01020304);
            assertThat(c.call("cuMemcpyDtoH_v2", out, y, 17L)).isEqualTo(1);
            assertThat(c.call("cuMemsetD32Async", x + 2, 0, 1L, NULL)).isEqualTo(1);
        }
    }

    @Test
    void everyFunctionOfTheBindingIsThere() throws IOException {
        Path shared = Path.of(System.getProperty("chagres.shared", "../../../shared"));
        Path list = shared.resolve("cuda-bindings/jextract-includes.txt");
        Assumptions.assumeTrue(
                Files.exists(list), "no " + list + ": the list of functions is not compared");
        List<String> names =
                Files.readAllLines(list).stream()
                        .filter(l -> l.startsWith("--include-function "))
                        .map(l -> l.substring(19).strip())
                        .toList();
        assertThat(names).hasSizeGreaterThan(80);
        try (FakeCuda cuda = FakeCuda.builder().build()) {
            SymbolLookup lookup = cuda.lookup();
            assertThat(names).allSatisfy(n -> assertThat(lookup.find(n)).as(n).isPresent());
            Calls c = on(cuda);
            MemorySegment out = arena.allocate(8);
            assertThat(c.call("cuGetProcAddress_v2", c.text("cuMemAlloc"), out, 12000, 0L, NULL))
                    .isZero();
            assertThat(out.get(ValueLayout.JAVA_LONG, 0))
                    .isEqualTo(lookup.find("cuMemAlloc_v2").orElseThrow().address());
        }
    }
}
