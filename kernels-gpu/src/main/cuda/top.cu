// top_T: the k largest elements along one axis, largest first, and their positions; max and arg max
// are k = 1. NaN counts as larger than every number, the two zeros are equal, of equal elements the
// first wins. One warp per lane: each of k rounds looks for the best element that comes after the
// last one found. Grid: lanes / 8, rounded up; 256 threads.
// Results stand k to a lane: values[lane · k + i] and positions[lane · k + i]; either may be null.
#include "types.cuh"
#include "walk.cuh"

// Whether (a, i) comes before (b, j); a position below 0 stands for nothing.
template <class W>
static __device__ __forceinline__ bool before(W a, int i, W b, int j) {
    if (i < 0 || j < 0) return j < 0 && i >= 0;
    bool nanA = a != a;
    bool nanB = b != b;
    if (nanA || nanB) return nanA && (!nanB || i < j);
    return a == b ? i < j : a > b;
}

#define TOP(T, name)                                                                        \
    extern "C" __global__ void __launch_bounds__(256) top_##name(                           \
            const __grid_constant__ Walk<2> lanes, const T* x, T* values, int* positions,   \
            long long step, int n, int k) {                                                 \
        typedef Element<T>::Wide W;                                                         \
        unsigned lane = blockIdx.x * 8 + threadIdx.x / 32;                                  \
        int l = threadIdx.x % 32;                                                           \
        if (lane >= lanes.count) return;                                                    \
        long long at[2];                                                                    \
        locate(lanes, lane, at);                                                            \
        W last = 0;                                                                         \
        int lastAt = -1;                                                                    \
        for (int r = 0; r < k; r++) {                                                       \
            W best = 0;                                                                     \
            int bestAt = -1;                                                                \
            for (int i = l; i < n; i += 32) {                                               \
                W v = Element<T>::load(x + at[0] + i * step);                               \
                if ((r == 0 || before(last, lastAt, v, i)) && before(v, i, best, bestAt)) { \
                    best = v;                                                               \
                    bestAt = i;                                                             \
                }                                                                           \
            }                                                                               \
            for (int d = 16; d > 0; d /= 2) {                                               \
                W v = __shfl_xor_sync(0xFFFFFFFFu, best, d);                                \
                int i = __shfl_xor_sync(0xFFFFFFFFu, bestAt, d);                            \
                if (before(v, i, best, bestAt)) {                                           \
                    best = v;                                                               \
                    bestAt = i;                                                             \
                }                                                                           \
            }                                                                               \
            if (l == 0) {                                                                   \
                if (values) values[at[1] + r] = x[at[0] + bestAt * step];                   \
                if (positions) positions[at[1] + r] = bestAt;                               \
            }                                                                               \
            last = best;                                                                    \
            lastAt = bestAt;                                                                \
        }                                                                                   \
    }
FOR_ALL(TOP)
