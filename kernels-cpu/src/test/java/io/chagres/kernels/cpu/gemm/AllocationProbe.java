package io.chagres.kernels.cpu.gemm;

import com.sun.management.ThreadMXBean;
import io.chagres.kernels.cpu.pool.WorkerPool;
import io.chagres.tensor.DType;
import java.lang.foreign.Arena;
import java.lang.management.ManagementFactory;
import java.util.Random;

/// A process that prints how many bytes of heap 60 warm products allocate.
final class AllocationProbe {
    private static final long PATIENCE_NANOS = 30_000_000_000L; // C2 may be long in coming

    private AllocationProbe() {}

    public static void main(String[] args) {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        try (Arena arena = Arena.ofConfined();
                WorkerPool pool = new WorkerPool(2)) {
            Gemm gemm = new Gemm(pool);
            Random random = new Random(8);
            Operand a = Operand.dense(arena, DType.F32, 48, 40, random);
            Operand b = Operand.transposed(arena, DType.F32, 40, 96, random);
            Operand c = Operand.result(arena, DType.F32, 1, 48, 96, 0, random);
            GemmCall call = new GemmCall();
            int[] rows = {1, 4, 48};
            long allocated = Long.MAX_VALUE;
            long end = System.nanoTime() + PATIENCE_NANOS;
            while (allocated > 0 && System.nanoTime() < end) {
                long before = threads.getCurrentThreadAllocatedBytes();
                for (int i = 0; i < 20; i++) {
                    for (int m : rows) {
                        call.shape(m, 96, 40)
                                .a(a.address(), 40, 1)
                                .b(b.address(), 1, 40)
                                .c(c.address(), 96);
                        gemm.sgemm(call.accumulate(i % 2 == 0));
                    }
                }
                allocated = threads.getCurrentThreadAllocatedBytes() - before;
            }
            System.out.println(allocated);
        }
    }
}
