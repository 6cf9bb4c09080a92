// Where the elements of N operands lie: element i of the row-major order of `dims` is found at
// `strides[n]` · its coordinates. The innermost axis comes first. The host merges axes where it can,
// drops those of size 1 and splits what has more than RANK axes or 2^31 elements, so that most calls
// have one or two axes. `io.chagres.kernels.gpu.kernel.Walk` writes this struct.
#pragma once

#define RANK 6

template <int N> struct Walk {
    unsigned count;
    int rank;
    unsigned dims[RANK];
    long long strides[N][RANK];
};

template <int N>
static __device__ __forceinline__ void locate(const Walk<N>& w, unsigned i, long long (&at)[N]) {
#pragma unroll
    for (int n = 0; n < N; n++) at[n] = 0;
#pragma unroll
    for (int d = 0; d < RANK; d++) {
        if (d < w.rank) {
            unsigned rest = d + 1 < w.rank ? i / w.dims[d] : 0;
            unsigned here = i - rest * w.dims[d];
            i = rest;
#pragma unroll
            for (int n = 0; n < N; n++) at[n] += here * w.strides[n][d];
        }
    }
}

// One thread per element: the grid is one-dimensional.
static __device__ __forceinline__ unsigned element() { return blockIdx.x * blockDim.x + threadIdx.x; }
