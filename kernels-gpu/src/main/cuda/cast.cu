// y = x in another type: floats round to nearest even, floats to whole numbers truncate, NaN becomes
// 0, anything but zero becomes true. Grid: one thread per element. `to` is the ordinal of
// io.chagres.tensor.DType.
#include "types.cuh"
#include "walk.cuh"

enum { F64, F32, BF16, F16, I8, I32, I64, BOOL };

template <class W> static __device__ __forceinline__ void put(void* y, long long at, int to, W v) {
    switch (to) {
        case F64: Convert<double>::store((double*)y + at, v); break;
        case F32: Convert<float>::store((float*)y + at, v); break;
        case BF16: Convert<bf16>::store((bf16*)y + at, v); break;
        case F16: Convert<f16>::store((f16*)y + at, v); break;
        case I8: Convert<signed char>::store((signed char*)y + at, v); break;
        case I32: Convert<int>::store((int*)y + at, v); break;
        case I64: Convert<long long>::store((long long*)y + at, v); break;
        default: Convert<truth>::store((truth*)y + at, v); break;
    }
}

#define CAST(T, name)                                                                       \
    extern "C" __global__ void __launch_bounds__(256)                                       \
    cast_##name(const __grid_constant__ Walk<2> w, const T* x, void* y, int to) {           \
        unsigned i = element();                                                             \
        if (i >= w.count) return;                                                           \
        long long at[2];                                                                    \
        locate(w, i, at);                                                                   \
        put(y, at[1], to, Element<T>::load(x + at[0]));                                     \
    }
FOR_ALL(CAST)
