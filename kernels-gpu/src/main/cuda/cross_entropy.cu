// Loss of rows of logits against classes, without probabilities in memory.
//   cross_entropy_T: lse = ln Σ exp(x - max) + max;
//                    loss = (1 - ε)(lse - x[target]) + ε·(lse - mean x)
//   cross_entropy_backward_T: dx = g·(exp(x - lse) - (1 - ε)[j = target] - ε/V)
// Rows whose target is `ignore` give 0. Loss, lse and g are in the wide type.
// Grid: one block of 256 threads per row. Dynamic shared memory: a row of wide elements when `keep`.
#include "types.cuh"
#include "block.cuh"
#include "fault.cuh"

extern __shared__ __align__(16) unsigned char dynamic[];

static __device__ __forceinline__ long long target(const void* p, int row, int wide) {
    return wide ? ((const long long*)p)[row] : ((const int*)p)[row];
}

#define CROSS_ENTROPY_OF(T, name)                                                           \
    extern "C" __global__ void __launch_bounds__(256) cross_entropy_##name(                 \
            const T* x, const void* targets, Element<T>::Wide* loss, Element<T>::Wide* lse, \
            int n, int wide, long long ignore, double smoothing, int keep, long long* fault) { \
        typedef Element<T>::Wide W;                                                         \
        __shared__ W eight[8];                                                              \
        long long k = target(targets, blockIdx.x, wide);                                    \
        bool bad = k != ignore && (k < 0 || k >= n);                                        \
        if (k == ignore || bad) {                                                           \
            if (threadIdx.x == 0) {                                                         \
                if (bad) report(fault, CROSS_ENTROPY, k);                                   \
                loss[blockIdx.x] = 0;                                                       \
                lse[blockIdx.x] = 0;                                                        \
            }                                                                               \
            return;                                                                         \
        }                                                                                   \
        Row<T> row = {x + (long long)blockIdx.x * n, keep ? (W*)dynamic : (W*)0};           \
        W max = -INFINITY;                                                                  \
        W total = 0;                                                                        \
        for (int i = threadIdx.x; i < n; i += 256) {                                        \
            W v = row.first(i);                                                             \
            max = larger(v, max);                                                           \
            total += v;                                                                     \
        }                                                                                   \
        max = blockMax(max, eight);                                                         \
        W sum = 0;                                                                          \
        for (int i = threadIdx.x; i < n; i += 256) sum += ::exp(row.again(i) - max);        \
        sum = blockSum(sum, eight);                                                         \
        if (smoothing != 0) total = blockSum(total, eight);                                 \
        if (threadIdx.x == 0) {                                                             \
            W l = ::log(sum) + max;                                                         \
            W e = (W)smoothing;                                                             \
            W at = Element<T>::load(row.x + k);                                             \
            W v = (1 - e) * (l - at);                                                       \
            if (smoothing != 0) v += e * (l - total / n);                                   \
            loss[blockIdx.x] = v;                                                           \
            lse[blockIdx.x] = l;                                                            \
        }                                                                                   \
    }                                                                                       \
    extern "C" __global__ void __launch_bounds__(256) cross_entropy_backward_##name(        \
            const T* x, const void* targets, const Element<T>::Wide* lse,                   \
            const Element<T>::Wide* g, T* dx, int n, int wide, long long ignore,            \
            double smoothing) {                                                             \
        typedef Element<T>::Wide W;                                                         \
        long long k = target(targets, blockIdx.x, wide);                                    \
        long long from = (long long)blockIdx.x * n;                                         \
        W l = lse[blockIdx.x];                                                              \
        W slope = g[blockIdx.x];                                                            \
        W rest = (W)(smoothing / n);                                                        \
        W hot = (W)(1 - smoothing);                                                         \
        for (int i = threadIdx.x; i < n; i += 256) {                                        \
            W d = 0;                                                                        \
            if (k != ignore) {                                                              \
                d = ::exp(Element<T>::load(x + from + i) - l) - rest;                       \
                if (i == k) d -= hot;                                                       \
                d *= slope;                                                                 \
            }                                                                               \
            Element<T>::store(dx + from + i, d);                                            \
        }                                                                                   \
    }
FOR_FLOATS(CROSS_ENTROPY_OF)
