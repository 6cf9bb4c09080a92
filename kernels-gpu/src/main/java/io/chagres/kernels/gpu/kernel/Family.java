package io.chagres.kernels.gpu.kernel;

import io.chagres.kernels.gpu.driver.CudaFunction;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.Function;
import java.util.function.ToIntFunction;

/// Kernels that differ in one thing only, found without a lookup by name once loaded.
///
/// @param <K> what they differ in
final class Family<K> {
    private final AtomicReferenceArray<CudaFunction> loaded;
    private final ToIntFunction<K> number;
    private final Function<K, CudaFunction> load;

    Family(int size, ToIntFunction<K> number, Function<K, CudaFunction> load) {
        loaded = new AtomicReferenceArray<>(size);
        this.number = number;
        this.load = load;
    }

    CudaFunction of(K key) {
        int i = number.applyAsInt(key);
        CudaFunction f = loaded.get(i);
        if (f == null) {
            f = load.apply(key);
            loaded.set(i, f);
        }
        return f;
    }
}
