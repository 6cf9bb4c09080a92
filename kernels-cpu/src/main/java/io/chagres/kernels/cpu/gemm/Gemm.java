package io.chagres.kernels.cpu.gemm;

import io.chagres.kernels.cpu.pool.WorkerPool;
import java.lang.ref.Reference;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/// Matrix products on the CPU.
public final class Gemm {
    private static final int IDLE_SLOTS = 64;

    private final WorkerPool pool;
    private final AtomicReferenceArray<@Nullable Product> idle =
            new AtomicReferenceArray<>(IDLE_SLOTS);

    /// Products on the threads of `pool`.
    public Gemm(WorkerPool pool) {
        this.pool = pool;
    }

    /// Computes products in single precision. K must be at least 1.
    public void sgemm(GemmCall call) {
        if (call.m == 0 || call.n == 0 || call.batch == 0) {
            return;
        }
        Product product = take();
        try {
            product.prepare(call);
            product.run(pool);
            giveBack(product);
        } finally {
            Reference.reachabilityFence(product);
        }
    }

    private Product take() {
        for (int i = 0; i < IDLE_SLOTS; i++) {
            Product product = idle.getAndSet(i, null);
            if (product != null) {
                return product;
            }
        }
        return new Product(pool.threads());
    }

    private void giveBack(Product product) {
        for (int i = 0; i < IDLE_SLOTS; i++) {
            if (idle.get(i) == null && idle.compareAndSet(i, null, product)) {
                return;
            }
        }
    }
}
