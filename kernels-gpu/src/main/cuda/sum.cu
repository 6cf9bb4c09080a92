// Sums, accumulated in the wide type and rounded once.
//
// sum_T: y[o] = Σ over `gone` of x. A block of 256 threads computes 256 / lanes outputs with `lanes`
// threads each: thread l adds elements l, l + lanes, … in order, then a tree in shared memory adds
// the lanes; the order depends on the shape alone. With `across` neighbouring threads have
// neighbouring outputs (sums of columns), else neighbouring elements (sums of rows).
// Grid: outputs / (256 / lanes), rounded up. Static shared memory: 256 wide elements.
//
// scan_T: running sums along one axis, from its end when `reverse`. Grid: one block of 256 threads
// per lane; blocks of 256 elements are scanned by Hillis and Steele's method, a carry joins them.
#include "types.cuh"
#include "walk.cuh"

#define SUM(T, name)                                                                        \
    extern "C" __global__ void __launch_bounds__(256) sum_##name(                           \
            const __grid_constant__ Walk<2> kept, const __grid_constant__ Walk<1> gone,     \
            const T* x, T* y, int lanes, int across) {                                      \
        typedef Element<T>::Wide W;                                                         \
        __shared__ W part[256];                                                             \
        int outputs = 256 / lanes;                                                          \
        int tid = threadIdx.x;                                                              \
        int mine = across ? tid % outputs : tid / lanes;                                    \
        int lane = across ? tid / outputs : tid % lanes;                                    \
        unsigned o = blockIdx.x * outputs + mine;                                           \
        long long at[2] = {0, 0};                                                           \
        W sum = 0;                                                                          \
        if (o < kept.count) {                                                               \
            locate(kept, o, at);                                                            \
            for (unsigned i = lane; i < gone.count; i += lanes) {                           \
                long long from[1];                                                          \
                locate(gone, i, from);                                                      \
                sum += Element<T>::load(x + at[0] + from[0]);                               \
            }                                                                               \
        }                                                                                   \
        int slot = lane * outputs + mine;                                                   \
        part[slot] = sum;                                                                   \
        for (int half = lanes / 2; half > 0; half /= 2) {                                   \
            __syncthreads();                                                                \
            if (lane < half) part[slot] += part[slot + half * outputs];                     \
        }                                                                                   \
        if (lane == 0 && o < kept.count) Element<T>::store(y + at[1], part[slot]);          \
    }
FOR_FLOATS(SUM)
FOR_WHOLES(SUM)

#define SCAN(T, name)                                                                       \
    extern "C" __global__ void __launch_bounds__(256) scan_##name(                          \
            const __grid_constant__ Walk<2> lanes, const T* x, T* y, long long stepX,       \
            long long stepY, long long n, int reverse) {                                    \
        typedef Element<T>::Wide W;                                                         \
        __shared__ W part[2][256];                                                          \
        long long at[2];                                                                    \
        locate(lanes, blockIdx.x, at);                                                      \
        int tid = threadIdx.x;                                                              \
        W carry = 0;                                                                        \
        for (long long from = 0; from < n; from += 256) {                                   \
            long long i = reverse ? n - 1 - (from + tid) : from + tid;                      \
            bool in = from + tid < n;                                                       \
            int now = 0;                                                                    \
            part[0][tid] = in ? Element<T>::load(x + at[0] + i * stepX) : (W)0;             \
            __syncthreads();                                                                \
            for (int d = 1; d < 256; d *= 2) {                                              \
                W v = part[now][tid];                                                       \
                if (tid >= d) v += part[now][tid - d];                                      \
                part[1 - now][tid] = v;                                                     \
                now = 1 - now;                                                              \
                __syncthreads();                                                            \
            }                                                                               \
            if (in) Element<T>::store(y + at[1] + i * stepY, carry + part[now][tid]);       \
            carry += part[now][255];                                                        \
            __syncthreads();                                                                \
        }                                                                                   \
    }
FOR_FLOATS(SCAN)
FOR_WHOLES(SCAN)
