// matmul_T: C = A·B (+ bias of the columns, when not null) for any strides, types and batches; products are added in the wide type in the
// order of k. A block of 256 threads computes a 64 × 64 tile of C, each thread 4 × 4 of it, over
// steps of 16 along k through shared memory. A tile is read along whichever of its axes has stride 1.
// Grid: tiles of all batches in one dimension, those along n first.
// Static shared memory: 2 · 16 · 68 wide elements.
#include "types.cuh"
#include "walk.cuh"

#define TILE 64
#define DEPTH 16
#define PITCH 68

#define MATMUL(T, name)                                                                     \
    extern "C" __global__ void __launch_bounds__(256) matmul_##name(                        \
            const __grid_constant__ Walk<3> batch, const T* a, const T* b, const T* bias, T* c, int m, \
            int n, int k, long long am, long long ak, long long bk, long long bn) {         \
        typedef Element<T>::Wide W;                                                         \
        __shared__ __align__(16) W left[DEPTH][PITCH];                                      \
        __shared__ __align__(16) W right[DEPTH][PITCH];                                     \
        int tilesN = (n + TILE - 1) / TILE;                                                 \
        int tilesM = (m + TILE - 1) / TILE;                                                 \
        int tile = blockIdx.x % (tilesN * tilesM);                                          \
        long long at[3];                                                                    \
        locate(batch, blockIdx.x / (tilesN * tilesM), at);                                  \
        int m0 = tile / tilesN * TILE;                                                      \
        int n0 = tile % tilesN * TILE;                                                      \
        int tid = threadIdx.x;                                                              \
        int row = tid / 16 * 4;                                                             \
        int col = tid % 16 * 4;                                                             \
        W sum[4][4];                                                                        \
        _Pragma("unroll") for (int i = 0; i < 4; i++)                                       \
            _Pragma("unroll") for (int j = 0; j < 4; j++) sum[i][j] = 0;                    \
        for (int k0 = 0; k0 < k; k0 += DEPTH) {                                             \
            _Pragma("unroll") for (int u = 0; u < 4; u++) {                                 \
                int e = tid + 256 * u;                                                      \
                int p = ak == 1 ? e % DEPTH : e / TILE;                                     \
                int i = ak == 1 ? e / DEPTH : e % TILE;                                     \
                left[p][i] = m0 + i < m && k0 + p < k                                       \
                        ? Element<T>::load(a + at[0] + (m0 + i) * am + (k0 + p) * ak)       \
                        : (W)0;                                                             \
                int q = bk == 1 ? e % DEPTH : e / TILE;                                     \
                int j = bk == 1 ? e / DEPTH : e % TILE;                                     \
                right[q][j] = n0 + j < n && k0 + q < k                                      \
                        ? Element<T>::load(b + at[1] + (k0 + q) * bk + (n0 + j) * bn)       \
                        : (W)0;                                                             \
            }                                                                               \
            __syncthreads();                                                                \
            for (int p = 0; p < DEPTH; p++) {                                               \
                W x[4], y[4];                                                               \
                _Pragma("unroll") for (int i = 0; i < 4; i++) x[i] = left[p][row + i];      \
                _Pragma("unroll") for (int j = 0; j < 4; j++) y[j] = right[p][col + j];     \
                _Pragma("unroll") for (int i = 0; i < 4; i++)                               \
                    _Pragma("unroll") for (int j = 0; j < 4; j++)                           \
                        sum[i][j] = fma(x[i], y[j], sum[i][j]);                             \
            }                                                                               \
            __syncthreads();                                                                \
        }                                                                                   \
        _Pragma("unroll") for (int i = 0; i < 4; i++)                                       \
            _Pragma("unroll") for (int j = 0; j < 4; j++)                                   \
                if (m0 + row + i < m && n0 + col + j < n)                                   \
                    Element<T>::store(                                                      \
                            c + at[2] + (long long)(m0 + row + i) * n + n0 + col + j,       \
                            bias ? sum[i][j] + Element<T>::load(bias + n0 + col + j) : sum[i][j]); \
    }
FOR_FLOATS(MATMUL)
