// Softmax over the rows of a contiguous tensor, and its gradient.
//   softmax_T:  y = exp(x - max) / Σ exp(x - max), or with `log` y = x - max - ln Σ exp(x - max)
//   softmax_backward_T: dx = y·(g - Σ g·y), or with `log` dx = g - exp(y) · Σ g
// Grid: one block of 256 threads per row. Dynamic shared memory: a row of wide elements when `keep`.
#include "types.cuh"
#include "block.cuh"

extern __shared__ __align__(16) unsigned char dynamic[];

template <class T>
static __device__ __forceinline__ void softmax(const T* x, T* y, int n, int log, int keep) {
    typedef typename Element<T>::Wide W;
    __shared__ W eight[8];
    long long at = (long long)blockIdx.x * n;
    Row<T> row = {x + at, keep ? (W*)dynamic : (W*)0};
    W max = -INFINITY;
    for (int i = threadIdx.x; i < n; i += 256) max = larger(row.first(i), max);
    max = blockMax(max, eight);
    W sum = 0;
    for (int i = threadIdx.x; i < n; i += 256) sum += ::exp(row.again(i) - max);
    sum = blockSum(sum, eight);
    W shift = log ? ::log(sum) : (W)0;
    for (int i = threadIdx.x; i < n; i += 256) {
        W z = row.again(i) - max;
        Element<T>::store(y + at + i, log ? z - shift : ::exp(z) / sum);
    }
}

template <class T>
static __device__ __forceinline__ void backward(const T* y, const T* g, T* dx, int n, int log) {
    typedef typename Element<T>::Wide W;
    __shared__ W eight[8];
    long long at = (long long)blockIdx.x * n;
    W sum = 0;
    for (int i = threadIdx.x; i < n; i += 256) {
        W v = Element<T>::load(g + at + i);
        sum += log ? v : v * Element<T>::load(y + at + i);
    }
    sum = blockSum(sum, eight);
    for (int i = threadIdx.x; i < n; i += 256) {
        W v = Element<T>::load(g + at + i);
        W u = Element<T>::load(y + at + i);
        Element<T>::store(dx + at + i, log ? v - ::exp(u) * sum : u * (v - sum));
    }
}

#define SOFTMAX(T, name)                                                                    \
    extern "C" __global__ void __launch_bounds__(256)                                       \
    softmax_##name(const T* x, T* y, int n, int log, int keep) {                            \
        softmax(x, y, n, log, keep);                                                        \
    }                                                                                       \
    extern "C" __global__ void __launch_bounds__(256)                                       \
    softmax_backward_##name(const T* y, const T* g, T* dx, int n, int log) {                \
        backward(y, g, dx, n, log);                                                         \
    }
FOR_FLOATS(SOFTMAX)
