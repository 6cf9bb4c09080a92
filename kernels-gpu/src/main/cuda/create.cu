// Kernels that make numbers. Grid: one thread per element.
//   iota_T:  0, 1, 2, … along one axis of a contiguous tensor: (i / inner) % size
//   uniform: numbers in [0, 1) from Philox4x32-10 (Salmon et al., SC 2011): element i takes lane
//            i mod 4 of block i / 4 of the stream (seed, offset), u = (bits >>> 8) · 2⁻²⁴. The same
//            bits as on every other device.
#include "types.cuh"
#include "walk.cuh"

#define IOTA(T, name)                                                                       \
    extern "C" __global__ void __launch_bounds__(256)                                       \
    iota_##name(T* y, long long count, long long inner, long long size) {                   \
        long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x;                     \
        if (i >= count) return;                                                             \
        Convert<T>::store(y + i, i / inner % size);                                         \
    }
FOR_FLOATS(IOTA)
IOTA(int, i32)
IOTA(long long, i64)

// `stream` holds seed and offset, `step` elements apart.
extern "C" __global__ void __launch_bounds__(256)
uniform(const long long* stream, long long step, float* y, long long count) {
    long long block = (long long)blockIdx.x * blockDim.x + threadIdx.x;
    if (4 * block >= count) return;
    unsigned long long seed = stream[0];
    unsigned long long offset = stream[step];
    unsigned x0 = (unsigned)block, x1 = (unsigned)(block >> 32);
    unsigned x2 = (unsigned)offset, x3 = (unsigned)(offset >> 32);
    unsigned k0 = (unsigned)seed, k1 = (unsigned)(seed >> 32);
#pragma unroll
    for (int round = 0; round < 10; round++) {
        unsigned long long p = 0xD2511F53ull * x0;
        unsigned long long q = 0xCD9E8D57ull * x2;
        x0 = (unsigned)(q >> 32) ^ x1 ^ k0;
        x2 = (unsigned)(p >> 32) ^ x3 ^ k1;
        x1 = (unsigned)q;
        x3 = (unsigned)p;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    unsigned lanes[4] = {x0, x1, x2, x3};
#pragma unroll
    for (int l = 0; l < 4; l++) {
        if (4 * block + l < count) y[4 * block + l] = (float)(lanes[l] >> 8) * 0x1p-24f;
    }
}
