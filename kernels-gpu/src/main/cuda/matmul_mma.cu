// C = A·B (+ bias of the columns) for BF16 and F16 on tensor cores, adding in F32.
//
// mma_T_XY: X says how A lies in memory, k (row-major: neighbours along k) or m; Y how B lies, k or n.
// A block of 256 threads computes a 128 × 128 tile over steps of 32 along k: three stages of shared
// memory filled by cp.async, 8 warps of 64 × 32 by mma.m16n8k16. Rows of a stage are padded so that
// the eight rows of an ldmatrix fall into eight different groups of banks: 40 elements where rows run
// along k, 136 where they run along m or n. Starts and row strides must be multiples of 8 elements;
// what is beyond the matrix is filled with zeros.
// Grid: tiles of all batches in one dimension, those along n first. Dynamic shared memory: 61,440 B.
#include "mma.cuh"
#include "walk.cuh"

#define TILE 128
#define DEPTH 32
#define STAGES 3
#define PITCH_K 40
#define PITCH_X 136
#define STAGE_BYTES (TILE * PITCH_K * 2)

extern __shared__ __align__(128) unsigned char stages[];

// Fetches the part of an operand that belongs to a stage: rows × DEPTH elements where rows run along
// k (ALONG_K), DEPTH × rows else. x and k are the operand's sizes, `pitch` its row stride.
template <class T, bool ALONG_K>
static __device__ __forceinline__ void fetch(
        unsigned to, const T* from, int x0, int k0, int x, int k, long long pitch) {
#pragma unroll
    for (int u = 0; u < 2; u++) {
        int e = threadIdx.x + 256 * u;
        int row = ALONG_K ? e / 4 : e / 16;
        int col = ALONG_K ? e % 4 * 8 : e % 16 * 8;
        int r = (ALONG_K ? x0 : k0) + row;
        int c = (ALONG_K ? k0 : x0) + col;
        int rows = ALONG_K ? x : k;
        int left = r < rows ? (ALONG_K ? k : x) - c : 0;
        int bytes = left <= 0 ? 0 : left >= 8 ? 16 : 2 * left;
        copyAsync(
                to + 2 * (row * (ALONG_K ? PITCH_K : PITCH_X) + col),
                bytes ? from + r * pitch + c : from,
                bytes);
    }
}

template <class T, bool AK, bool BK>
static __device__ __forceinline__ void multiply(
        const Walk<3>& batch, const T* a, const T* b, const T* bias, T* c, int m, int n, int k,
        long long pitchA, long long pitchB) {
    int tilesN = (n + TILE - 1) / TILE;
    int tilesM = (m + TILE - 1) / TILE;
    int tile = blockIdx.x % (tilesN * tilesM);
    long long at[3];
    locate(batch, blockIdx.x / (tilesN * tilesM), at);
    a += at[0];
    b += at[1];
    c += at[2];
    int m0 = tile / tilesN * TILE;
    int n0 = tile % tilesN * TILE;
    int lane = threadIdx.x % 32;
    int wm = threadIdx.x / 32 % 2 * 64;
    int wn = threadIdx.x / 64 * 32;
    unsigned left = sharedAddress(stages);
    unsigned right = left + STAGES * STAGE_BYTES;
    float sum[4][4][4];
#pragma unroll
    for (int i = 0; i < 4; i++)
#pragma unroll
        for (int j = 0; j < 4; j++)
#pragma unroll
            for (int e = 0; e < 4; e++) sum[i][j][e] = 0;
    int steps = (k + DEPTH - 1) / DEPTH;
#pragma unroll
    for (int s = 0; s < STAGES - 1; s++) {
        if (s < steps) {
            fetch<T, AK>(left + s * STAGE_BYTES, a, m0, s * DEPTH, m, k, pitchA);
            fetch<T, BK>(right + s * STAGE_BYTES, b, n0, s * DEPTH, n, k, pitchB);
        }
        asm volatile("cp.async.commit_group;" ::: "memory");
    }
    for (int s = 0; s < steps; s++) {
        asm volatile("cp.async.wait_group %0;" ::"n"(STAGES - 2) : "memory");
        __syncthreads();
        int next = s + STAGES - 1;
        if (next < steps) {
            unsigned place = next % STAGES * STAGE_BYTES;
            fetch<T, AK>(left + place, a, m0, next * DEPTH, m, k, pitchA);
            fetch<T, BK>(right + place, b, n0, next * DEPTH, n, k, pitchB);
        }
        asm volatile("cp.async.commit_group;" ::: "memory");
        unsigned sa = left + s % STAGES * STAGE_BYTES;
        unsigned sb = right + s % STAGES * STAGE_BYTES;
#pragma unroll
        for (int kk = 0; kk < DEPTH; kk += 16) {
            unsigned x[4][4];
            unsigned y[2][4];
#pragma unroll
            for (int i = 0; i < 4; i++) {
                int row = wm + i * 16;
                if (AK) {
                    load4(x[i], sa + 2 * ((row + lane % 16) * PITCH_K + kk + lane / 16 * 8));
                } else {
                    load4Transposed(
                            x[i],
                            sa + 2 * ((kk + lane / 16 * 8 + lane % 8) * PITCH_X + row
                                      + lane / 8 % 2 * 8));
                }
            }
#pragma unroll
            for (int j = 0; j < 2; j++) {
                int col = wn + j * 16;
                if (BK) {
                    load4(
                            y[j],
                            sb + 2 * ((col + lane % 8 + lane / 16 * 8) * PITCH_K + kk
                                      + lane / 8 % 2 * 8));
                } else {
                    load4Transposed(
                            y[j],
                            sb + 2 * ((kk + lane / 8 % 2 * 8 + lane % 8) * PITCH_X + col
                                      + lane / 16 * 8));
                }
            }
#pragma unroll
            for (int i = 0; i < 4; i++)
#pragma unroll
                for (int j = 0; j < 4; j++)
                    Mma<T>::add(sum[i][j], x[i], y[j / 2][j % 2 * 2], y[j / 2][j % 2 * 2 + 1]);
        }
    }
#pragma unroll
    for (int i = 0; i < 4; i++)
#pragma unroll
        for (int j = 0; j < 4; j++)
#pragma unroll
            for (int e = 0; e < 4; e++) {
                int row = m0 + wm + i * 16 + lane / 4 + e / 2 * 8;
                int col = n0 + wn + j * 8 + lane % 4 * 2 + e % 2;
                if (row < m && col < n) {
                    float v = sum[i][j][e];
                    if (bias) v += Element<T>::load(bias + col);
                    Element<T>::store(c + (long long)row * n + col, v);
                }
            }
}

#define MMA_KERNEL(T, name, AK, BK)                                                         \
    extern "C" __global__ void __launch_bounds__(256) mma_##name(                           \
            const __grid_constant__ Walk<3> batch, const T* a, const T* b, const T* bias,   \
            T* c, int m, int n, int k, long long pitchA, long long pitchB) {                \
        multiply<T, AK, BK>(batch, a, b, bias, c, m, n, k, pitchA, pitchB);                 \
    }
#define MMA_KERNELS(T, name)                                                                \
    MMA_KERNEL(T, name##_kk, true, true)                                                    \
    MMA_KERNEL(T, name##_kn, true, false)                                                   \
    MMA_KERNEL(T, name##_mk, false, true)                                                   \
    MMA_KERNEL(T, name##_mn, false, false)
MMA_KERNELS(bf16, bf16)
MMA_KERNELS(f16, f16)
