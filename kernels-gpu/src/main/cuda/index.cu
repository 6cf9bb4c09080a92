// Kernels that look elements up by index. `wide` says whether indices have 64 bits, else 32. An index
// outside 0 … size-1 is reported and touches nothing.
//   gather_B:      y[i] = x[at + index · step]; also the rows of an embedding. Grid: one thread per
//                  element.
//   scatter_add_T: y[…][t][…] = Σ_j x[…][j][…] where index[…][j][…] = t, in the order of j. Grid: one
//                  thread per element of y, which looks at all j.
//   index_add_T:   y[r] = Σ_p x[p] where index[p] = r, in the order of p: the gradient of an
//                  embedding. Grid: (rows, columns / 128 rounded up) of 128 threads. The block reads
//                  128 indices at a time, ballots tell all warps which of them are r.
#include "fault.cuh"
#include "types.cuh"
#include "walk.cuh"

static __device__ __forceinline__ long long indexAt(const void* p, long long at, int wide) {
    return wide ? ((const long long*)p)[at] : ((const int*)p)[at];
}

#define GATHER_BITS(T, bytes)                                                               \
    extern "C" __global__ void __launch_bounds__(256) gather_##bytes(                       \
            const __grid_constant__ Walk<3> w, const T* x, const void* index, T* y,         \
            long long step, long long size, int wide, int code, long long* fault) {         \
        unsigned i = element();                                                             \
        if (i >= w.count) return;                                                           \
        long long at[3];                                                                    \
        locate(w, i, at);                                                                   \
        long long k = indexAt(index, at[1], wide);                                          \
        T v = 0;                                                                            \
        if (k >= 0 && k < size) v = x[at[0] + k * step];                                    \
        else report(fault, code, k);                                                        \
        y[at[2]] = v;                                                                       \
    }
FOR_WIDTHS(GATHER_BITS)

// The third operand of the walk is t itself, the position along the axis.
#define SCATTER(T, name)                                                                    \
    extern "C" __global__ void __launch_bounds__(256) scatter_add_##name(                   \
            const __grid_constant__ Walk<4> w, const T* x, const void* index, T* y,         \
            long long stepX, long long stepI, long long n, long long size, int wide,        \
            long long* fault) {                                                             \
        unsigned i = element();                                                             \
        if (i >= w.count) return;                                                           \
        long long at[4];                                                                    \
        locate(w, i, at);                                                                   \
        Element<T>::Wide sum = 0;                                                           \
        for (long long j = 0; j < n; j++) {                                                 \
            long long k = indexAt(index, at[1] + j * stepI, wide);                          \
            if (k == at[2]) sum += Element<T>::load(x + at[0] + j * stepX);                 \
            if (k < 0 || k >= size) report(fault, SCATTER_ADD, k);                          \
        }                                                                                   \
        Element<T>::store(y + at[3], sum);                                                  \
    }
FOR_FLOATS(SCATTER)
FOR_WHOLES(SCATTER)

#define INDEX_ADD_ROWS(T, name)                                                             \
    extern "C" __global__ void __launch_bounds__(128) index_add_##name(                     \
            const __grid_constant__ Walk<2> places, const __grid_constant__ Walk<1> columns, \
            const T* x, const void* index, T* y, long long rows, int wide, long long* fault) { \
        __shared__ unsigned hits[4];                                                        \
        __shared__ long long from[128];                                                     \
        int tid = threadIdx.x;                                                              \
        long long row = blockIdx.x;                                                         \
        unsigned c = blockIdx.y * 128 + tid;                                                \
        long long column[1] = {0};                                                          \
        if (c < columns.count) locate(columns, c, column);                                  \
        Element<T>::Wide sum = 0;                                                           \
        for (unsigned p0 = 0; p0 < places.count; p0 += 128) {                               \
            unsigned p = p0 + tid;                                                          \
            bool hit = false;                                                               \
            long long at[2] = {0, 0};                                                       \
            if (p < places.count) {                                                         \
                locate(places, p, at);                                                      \
                long long k = indexAt(index, at[1], wide);                                  \
                hit = k == row;                                                             \
                if (k < 0 || k >= rows) report(fault, INDEX_ADD, k);                        \
            }                                                                               \
            unsigned mask = __ballot_sync(0xFFFFFFFFu, hit);                                \
            if (tid % 32 == 0) hits[tid / 32] = mask;                                       \
            from[tid] = at[0];                                                              \
            __syncthreads();                                                                \
            if (c < columns.count) {                                                        \
                for (int w = 0; w < 4; w++) {                                               \
                    for (unsigned m = hits[w]; m != 0; m &= m - 1) {                        \
                        int b = w * 32 + __popc((m & -m) - 1);                                     \
                        sum += Element<T>::load(x + from[b] + column[0]);                   \
                    }                                                                       \
                }                                                                           \
            }                                                                               \
            __syncthreads();                                                                \
        }                                                                                   \
        if (c < columns.count) Element<T>::store(y + row * columns.count + c, sum);         \
    }
FOR_FLOATS(INDEX_ADD_ROWS)
FOR_WHOLES(INDEX_ADD_ROWS)
