// Small kernels for the tests of the interpreter: reductions, norms, copies, calls, tables.
#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <stdint.h>

extern "C" __global__ void scale(float* x, int n, float a) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) x[i] *= a;
}

__device__ __forceinline__ float warpSum(float v) {
    for (int o = 16; o > 0; o >>= 1) v += __shfl_xor_sync(0xffffffffu, v, o);
    return v;
}

// One block sums n values into out[blockIdx.x].
extern "C" __global__ void blockSum(float* out, const float* __restrict__ x, int n) {
    __shared__ float part[32];
    float v = 0;
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x) v += x[i];
    v = warpSum(v);
    int lane = threadIdx.x & 31, warp = threadIdx.x >> 5;
    if (lane == 0) part[warp] = v;
    __syncthreads();
    if (warp == 0) {
        v = lane < blockDim.x >> 5 ? part[lane] : 0.f;
        v = warpSum(v);
        if (lane == 0) out[blockIdx.x] = v;
    }
}

// y = w x / sqrt(mean(x^2) + eps), one block a row, rows of any length.
extern "C" __global__ void rmsNorm(__nv_bfloat16* __restrict__ y, const __nv_bfloat16* __restrict__ x,
                                   const __nv_bfloat16* __restrict__ w, int n, float eps) {
    __shared__ float part[8];
    const __nv_bfloat16* row = x + (size_t)blockIdx.x * n;
    float s = 0;
    for (int i = threadIdx.x; i < n; i += blockDim.x) {
        float v = __bfloat162float(row[i]);
        s = fmaf(v, v, s);
    }
    s = warpSum(s);
    if ((threadIdx.x & 31) == 0) part[threadIdx.x >> 5] = s;
    __syncthreads();
    float total = 0;
    for (int i = 0; i < blockDim.x >> 5; i++) total += part[i];
    float r = rsqrtf(total / n + eps);
    for (int i = threadIdx.x; i < n; i += blockDim.x)
        y[(size_t)blockIdx.x * n + i] = __float2bfloat16(__bfloat162float(row[i]) * r * __bfloat162float(w[i]));
}

// Threads count into bins of shared memory, then of global memory.
extern "C" __global__ void histogram(unsigned* bins, const unsigned char* __restrict__ x, int n) {
    __shared__ unsigned local[64];
    if (threadIdx.x < 64) local[threadIdx.x] = 0;
    __syncthreads();
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x)
        atomicAdd(&local[x[i] & 63], 1u);
    __syncthreads();
    if (threadIdx.x < 64) atomicAdd(&bins[threadIdx.x], local[threadIdx.x]);
}

// The last block to finish adds up what all blocks left.
__device__ unsigned finished;
extern "C" __global__ void gridSum(float* out, float* parts, const float* __restrict__ x, int n) {
    __shared__ bool last;
    float v = 0;
    for (int i = blockIdx.x * 32 + threadIdx.x; i < n; i += gridDim.x * 32) v += x[i];
    v = warpSum(v);
    if (threadIdx.x == 0) {
        parts[blockIdx.x] = v;
        __threadfence();
        last = atomicAdd(&finished, 1u) == gridDim.x - 1;
    }
    __syncthreads();
    if (last && threadIdx.x == 0) {
        float s = 0;
        for (int b = 0; b < gridDim.x; b++) s += ((volatile float*)parts)[b];
        *out = s;
        finished = 0;
    }
}

__device__ __noinline__ float cube(float x) { return x * x * x; }
__constant__ float offsets[4] = {1.f, 2.f, 3.f, 4.f};

// A call, a constant, a jump table.
extern "C" __global__ void mixed(float* x, const int* __restrict__ what, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n) return;
    float v = x[i];
    switch (what[i]) {
        case 0: v = cube(v); break;
        case 1: v = v + offsets[i & 3]; break;
        case 2: v = sinf(v * 0.125f); break;
        case 3: v = v / 3.f; break;
        case 4: v = sqrtf(v * v + 1.f); break;
        case 5: v = (float)(int)v; break;
        default: v = -v;
    }
    x[i] = v;
}

// Softmax of rows held in registers, one warp a row, n <= 256.
extern "C" __global__ void softmax(__half* __restrict__ y, const __half* __restrict__ x, int rows, int n) {
    int row = blockIdx.x * (blockDim.x >> 5) + (threadIdx.x >> 5), lane = threadIdx.x & 31;
    if (row >= rows) return;
    float v[8], m = -INFINITY, s = 0;
    for (int k = 0; k < 8; k++) {
        int c = lane + 32 * k;
        v[k] = c < n ? __half2float(x[(size_t)row * n + c]) : -INFINITY;
        m = fmaxf(m, v[k]);
    }
    for (int o = 16; o > 0; o >>= 1) m = fmaxf(m, __shfl_xor_sync(0xffffffffu, m, o));
    for (int k = 0; k < 8; k++) s += v[k] = __expf(v[k] - m);
    s = warpSum(s);
    for (int k = 0; k < 8; k++) {
        int c = lane + 32 * k;
        if (c < n) y[(size_t)row * n + c] = __float2half(v[k] / s);
    }
}

// Rows of 32 floats transposed through shared memory; a column of 33 avoids bank conflicts.
template <int PITCH> __device__ void transposeBy(float* y, const float* x) {
    __shared__ float tile[32][PITCH];
    for (int r = threadIdx.y; r < 32; r += blockDim.y) tile[r][threadIdx.x] = x[r * 32 + threadIdx.x];
    __syncthreads();
    for (int r = threadIdx.y; r < 32; r += blockDim.y) y[r * 32 + threadIdx.x] = tile[threadIdx.x][r];
}
extern "C" __global__ void transpose(float* y, const float* x) { transposeBy<33>(y, x); }
extern "C" __global__ void transposeSlow(float* y, const float* x) { transposeBy<32>(y, x); }
