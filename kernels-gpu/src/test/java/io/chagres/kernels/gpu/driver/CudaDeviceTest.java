package io.chagres.kernels.gpu.driver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.chagres.tensor.backend.DeviceFailed;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class CudaDeviceTest {
    private final StubCuda stub = new StubCuda();
    private final CudaLibrary library = CudaLibrary.of(stub);
    private CudaDevice device = new CudaDevice(library.driver(), library.device(0), false);

    @AfterEach
    void closesCleanly() {
        boolean alive = stub.sticky == 0;
        device.close();
        if (alive) {
            assertThat(stub.openBlocks()).isZero();
        }
        assertThat(stub.calls).contains("retain 70", "release 70");
    }

    @Test
    void theContextIsBoundOnceAndFreedMemoryIsKept() {
        device.synchronize();
        assertThat(stub.calls)
                .containsSubsequence(
                        "cuInit", "retain 70", "current c0ffee", "stream 1", "pool 4 -1");
    }

    @Test
    void bytesGoThereAndBackInPieces() {
        byte[] bytes = new byte[(5 << 20) + 3];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) (i * 31 + (i >> 12));
        }
        long there = device.allocate(bytes.length);
        long copy = device.allocate(bytes.length);
        device.write(there, MemorySegment.ofArray(bytes));
        device.copy(there, copy, bytes.length);
        device.fill(there, 7, (byte) 9);
        byte[] back = new byte[bytes.length];
        device.read(copy, MemorySegment.ofArray(back));
        assertThat(back).isEqualTo(bytes);
        device.read(there, MemorySegment.ofArray(back));
        assertThat(back).startsWith(9, 9, 9, 9, 9, 9, 9, bytes[7]);
        assertThat(stub.calls).contains("upload 1048576", "upload 3", "download 3");
        device.free(there);
        device.free(copy);
    }

    @Test
    void parametersStandInTheOrderOfTheSignature() {
        CudaFunction f = device.load("some", ".entry").function("some", 0);
        List<Object> seen = new ArrayList<>();
        stub.onLaunch =
                p -> {
                    MemorySegment all = p.reinterpret(6 * 8);
                    seen.add(at(all, 0, 4).get(ValueLayout.JAVA_INT, 0));
                    seen.add(at(all, 1, 8).get(ValueLayout.JAVA_LONG, 0));
                    seen.add(at(all, 2, 4).get(ValueLayout.JAVA_FLOAT, 0));
                    MemorySegment struct = at(all, 3, 24);
                    seen.add(struct.get(ValueLayout.JAVA_INT, 0));
                    seen.add(struct.get(ValueLayout.JAVA_LONG, 8));
                    seen.add(struct.get(ValueLayout.JAVA_INT, 16));
                    seen.add(at(all, 4, 8).get(ValueLayout.JAVA_DOUBLE, 0));
                };
        device.launch(f)
                .add(7)
                .add(1L << 40)
                .add(1.5f)
                .begin()
                .add(3)
                .add(4L)
                .add(5)
                .end()
                .add(2.5)
                .run(10, 2, 3, 64, 128);
        device.synchronize();
        assertThat(seen).containsExactly(7, 1L << 40, 1.5f, 3, 4L, 5, 2.5);
        assertThat(stub.calls).contains("launch 44 (10,2,3) (64,1,1) 128 on 5");
    }

    private static MemorySegment at(MemorySegment all, int i, long bytes) {
        return MemorySegment.ofAddress(all.getAtIndex(ValueLayout.JAVA_LONG, i)).reinterpret(bytes);
    }

    @Test
    void aFailedKernelEndsTheDevice() {
        CudaFunction f = device.load("some", ".entry").function("guilty", 0);
        device.launch(f).add(1).run(1, 1, 1, 32, 0);
        device.synchronize();
        stub.sticky = 700;
        assertThatThrownBy(device::synchronize)
                .isInstanceOf(DeviceFailed.class)
                .hasMessageContaining("CUDA_ERROR_ILLEGAL_ADDRESS (700)");
        int calls = stub.calls.size();
        assertThatThrownBy(() -> device.launch(f))
                .isInstanceOf(DeviceFailed.class)
                .hasMessageContaining("ILLEGAL_ADDRESS")
                .hasMessageContaining("cannot be used");
        assertThatThrownBy(() -> device.allocate(8)).isInstanceOf(DeviceFailed.class);
        assertThat(stub.calls).as("nothing is tried again").hasSize(calls);
    }

    @Test
    void checkingNamesTheKernel() {
        device.close();
        device = new CudaDevice(library.driver(), library.device(0), true);
        CudaFunction f = device.load("some", ".entry").function("guilty", 0);
        stub.sticky = 700;
        device.launch(f).add(1).run(3, 1, 1, 32, 0);
        assertThatThrownBy(device::synchronize)
                .isInstanceOf(DeviceFailed.class)
                .hasMessageContaining("guilty <<<(3,1,1),32,0>>>")
                .hasMessageContaining("700");
    }

    @Test
    void aRefusedLaunchIsNotLost() {
        CudaFunction f = device.load("some", ".entry").function("refused", 0);
        stub.launchResult = 1;
        device.launch(f).run(1, 1, 1, 32, 0);
        assertThatThrownBy(
                        () -> {
                            device.synchronize();
                            device.synchronize();
                        })
                .isInstanceOf(DeviceFailed.class)
                .hasMessageContaining("refused");
    }

    @Test
    void aGridThatIsTooLargeHoldsNobodyUp() {
        CudaFunction f = device.load("some", ".entry").function("large", 0);
        assertThatThrownBy(() -> device.launch(f).run(1L << 31, 1, 1, 32, 0))
                .isInstanceOf(UnsupportedOperationException.class)
                .hasMessageContaining("large");
        device.launch(f).run(1, 1, 1, 32, 0);
        device.synchronize();
    }

    @Test
    void memoryThatIsNotThereIsCounted() {
        stub.allocateResult = 2;
        assertThatThrownBy(() -> device.allocate(77))
                .isInstanceOf(DeviceFailed.class)
                .hasMessageContaining("77 bytes")
                .hasMessageContaining("5 of 9 MiB");
        stub.allocateResult = 0;
        device.free(device.allocate(77));
    }

    @Test
    void refusedPtxTellsWhy() {
        assertThatThrownBy(() -> device.load("empty", "nothing"))
                .isInstanceOf(DeviceFailed.class)
                .hasMessageContaining("empty")
                .hasMessageContaining("line 1: no kernel");
        assertThatThrownBy(() -> device.load("some", ".entry").function("absent", 0))
                .isInstanceOf(DeviceFailed.class)
                .hasMessageContaining("absent");
    }

    @Test
    void aWrongIndexThrowsAtTheNextReadAndOnlyOnce() {
        long x = device.allocate(8);
        MemorySegment word = MemorySegment.ofAddress(device.fault()).reinterpret(8);
        device.synchronize();
        word.set(ValueLayout.JAVA_LONG, 0, 1L << 56 | -3 & 0xFF_FFFF_FFFF_FFFFL);
        byte[] bytes = new byte[8];
        assertThatThrownBy(() -> device.read(x, MemorySegment.ofArray(bytes)))
                .isInstanceOf(IndexOutOfBoundsException.class)
                .hasMessageContaining("gather: index -3");
        device.read(x, MemorySegment.ofArray(bytes));
        device.free(x);
    }

    @Test
    void manyVirtualThreadsQueueWithoutLoss() throws InterruptedException {
        CudaFunction f = device.load("some", ".entry").function("some", 0);
        stub.quiet = true;
        AtomicLong sum = new AtomicLong();
        stub.onLaunch =
                p -> sum.addAndGet(at(p.reinterpret(8), 0, 8).get(ValueLayout.JAVA_LONG, 0));
        List<Thread> threads = new ArrayList<>();
        for (int t = 0; t < 8; t++) {
            long mine = t;
            threads.add(
                    Thread.ofVirtual()
                            .start(() -> {
                                for (int i = 0; i < 200; i++) {
                                    device.launch(f).add(mine).run(1, 1, 1, 1, 0);
                                }
                            }));
        }
        for (Thread t : threads) {
            t.join();
        }
        device.synchronize();
        assertThat(sum.get()).isEqualTo(200 * 28);
        stub.quiet = false;
    }

    @Test
    void launchesMakeNoObjects() {
        CudaFunction f = device.load("some", ".entry").function("some", 0);
        stub.quiet = true;
        var counter = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
        for (int i = 0; i < 3000; i++) {
            launch(f, i);
        }
        long least = Long.MAX_VALUE;
        for (int round = 0; round < 5; round++) {
            long before = counter.getCurrentThreadAllocatedBytes();
            for (int i = 0; i < 200; i++) {
                launch(f, i);
            }
            least = Math.min(least, counter.getCurrentThreadAllocatedBytes() - before);
        }
        // A caller that finds the ring full waits, and waiting makes a node.
        assertThat(least).isLessThan(200 * 8L);
        device.synchronize();
        stub.quiet = false;
    }

    private void launch(CudaFunction f, int i) {
        device.launch(f).add(i).add(2L).add(0.5f).run(1, 1, 1, 1, 0);
        if (i % 100 == 99) {
            device.synchronize();
        }
    }
}
