// Sums and maxima over a block of 256 threads: a butterfly in each warp, then the eight warps in
// order, so every thread has the same value and the order never changes.
#pragma once

template <class W> static __device__ __forceinline__ W larger(W a, W b) {
    return a != a || a > b ? a : b;
}

template <class W> static __device__ __forceinline__ W blockSum(W v, W* eight) {
    for (int d = 16; d > 0; d /= 2) v += __shfl_xor_sync(0xFFFFFFFFu, v, d);
    __syncthreads(); // the values of an earlier call have been read
    if (threadIdx.x % 32 == 0) eight[threadIdx.x / 32] = v;
    __syncthreads();
    W sum = eight[0];
    for (int w = 1; w < 8; w++) sum += eight[w];
    return sum;
}

template <class W> static __device__ __forceinline__ W blockMax(W v, W* eight) {
    for (int d = 16; d > 0; d /= 2) v = larger(v, __shfl_xor_sync(0xFFFFFFFFu, v, d));
    __syncthreads();
    if (threadIdx.x % 32 == 0) eight[threadIdx.x / 32] = v;
    __syncthreads();
    W max = eight[0];
    for (int w = 1; w < 8; w++) max = larger(max, eight[w]);
    return max;
}

static __device__ __forceinline__ float root(float v) { return __fsqrt_rn(v); }
static __device__ __forceinline__ double root(double v) { return sqrt(v); }

// A row of a contiguous tensor, read once: where it fits, dynamic shared memory keeps it (each thread
// only reads what it wrote), else it is read again.
template <class T> struct Row {
    typedef typename Element<T>::Wide W;
    const T* x;
    W* kept;
    __device__ __forceinline__ W first(int i) const {
        W v = Element<T>::load(x + i);
        if (kept) kept[i] = v;
        return v;
    }
    __device__ __forceinline__ W again(int i) const {
        return kept ? kept[i] : Element<T>::load(x + i);
    }
};
