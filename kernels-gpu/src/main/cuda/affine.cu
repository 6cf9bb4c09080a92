// y = k·x + b, element-wise. Grid: one thread per element. For whole numbers k and b are truncated
// by the caller and arrive as 64-bit numbers.
#include "types.cuh"
#include "walk.cuh"

// Two roundings in double, as the reference has them; BF16 and F16 in float.
static __device__ __forceinline__ double affine(double x, double k, double b) { return k * x + b; }
static __device__ __forceinline__ float affine(float x, double k, double b) {
    return (float)(k * x + b);
}

#define AFFINE(T, name)                                                                     \
    extern "C" __global__ void __launch_bounds__(256)                                       \
    affine_##name(const __grid_constant__ Walk<2> w, const T* x, T* y, double k, double b) { \
        unsigned i = element();                                                             \
        if (i >= w.count) return;                                                           \
        long long at[2];                                                                    \
        locate(w, i, at);                                                                   \
        Element<T>::store(y + at[1], affine(Element<T>::load(x + at[0]), k, b));            \
    }
FOR_FLOATS(AFFINE)

#define AFFINE_WHOLE(T, name)                                                               \
    extern "C" __global__ void __launch_bounds__(256) affine_##name(                        \
            const __grid_constant__ Walk<2> w, const T* x, T* y, long long k, long long b) { \
        unsigned i = element();                                                             \
        if (i >= w.count) return;                                                           \
        long long at[2];                                                                    \
        locate(w, i, at);                                                                   \
        Element<T>::store(y + at[1], k * Element<T>::load(x + at[0]) + b);                  \
    }
FOR_WHOLES(AFFINE_WHOLE)
AFFINE_WHOLE(truth, bool)
