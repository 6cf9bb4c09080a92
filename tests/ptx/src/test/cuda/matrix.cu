// Products of matrices on tensor cores, and a copy pipeline, for the tests of the interpreter.
#include <cuda_bf16.h>
#include <stdint.h>

__device__ __forceinline__ uint32_t shared32(const void* p) { return (uint32_t)__cvta_generic_to_shared(p); }
__device__ __forceinline__ void copy16(uint32_t to, const void* from, int bytes) {
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(to), "l"(from), "r"(bytes) : "memory");
}
__device__ __forceinline__ void commit() { asm volatile("cp.async.commit_group;" ::: "memory"); }
template <int N> __device__ __forceinline__ void await() { asm volatile("cp.async.wait_group %0;" ::"n"(N) : "memory"); }

// c[m][n] = sum of a[m][k] b[n][k]; tiles of 32 x 32 x 16, four warps of 16 x 16, two stages.
constexpr int TILE = 32, DEPTH = 16, PITCH = 24;
extern "C" __global__ void gemm(float* __restrict__ c, const __nv_bfloat16* __restrict__ a,
                                const __nv_bfloat16* __restrict__ b, int m, int n, int k) {
    __shared__ __align__(16) __nv_bfloat16 sa[2][TILE][PITCH], sb[2][TILE][PITCH];
    int t = threadIdx.x, lane = t & 31, warp = t >> 5;
    int m0 = blockIdx.y * TILE, n0 = blockIdx.x * TILE;
    int wm = (warp & 1) * 16, wn = (warp >> 1) * 16;
    float acc[2][4] = {};
    auto load = [&](int step, int stage) {
        int row = (t & 63) >> 1, col = (t & 1) * 8, kk = step * DEPTH + col;
        bool isA = t < 64;
        int edge = isA ? m : n, base = isA ? m0 : n0;
        bool inside = base + row < edge && kk < k;
        const __nv_bfloat16* from = (isA ? a : b) + (inside ? (size_t)(base + row) * k + kk : 0);
        copy16(shared32(isA ? &sa[stage][row][col] : &sb[stage][row][col]), from, inside ? 16 : 0);
    };
    int steps = (k + DEPTH - 1) / DEPTH;
    load(0, 0);
    commit();
    for (int s = 0; s < steps; s++) {
        if (s + 1 < steps) load(s + 1, (s + 1) & 1);
        commit();
        await<1>();
        __syncthreads();
        uint32_t ra[4], rb[4];
        uint32_t pa = shared32(&sa[s & 1][wm + (lane & 15)][(lane >> 4) * 8]);
        asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];"
                     : "=r"(ra[0]), "=r"(ra[1]), "=r"(ra[2]), "=r"(ra[3]) : "r"(pa) : "memory");
        uint32_t pb = shared32(&sb[s & 1][wn + (lane & 7) + ((lane >> 4) << 3)][((lane >> 3) & 1) * 8]);
        asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];"
                     : "=r"(rb[0]), "=r"(rb[1]), "=r"(rb[2]), "=r"(rb[3]) : "r"(pb) : "memory");
        for (int j = 0; j < 2; j++)
            asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
                         : "+f"(acc[j][0]), "+f"(acc[j][1]), "+f"(acc[j][2]), "+f"(acc[j][3])
                         : "r"(ra[0]), "r"(ra[1]), "r"(ra[2]), "r"(ra[3]), "r"(rb[2 * j]), "r"(rb[2 * j + 1]));
        __syncthreads();
    }
    for (int j = 0; j < 2; j++)
        for (int e = 0; e < 4; e++) {
            int row = m0 + wm + (lane >> 2) + 8 * (e >> 1), col = n0 + wn + 8 * j + (lane & 3) * 2 + (e & 1);
            if (row < m && col < n) c[(size_t)row * n + col] = acc[j][e];
        }
}

// y[i] = 2 x[i] through a ring of three stages in shared memory; neighbours swap places.
extern "C" __global__ void pipeline(float4* __restrict__ y, const float4* __restrict__ x, int n) {
    __shared__ float4 ring[3][64];
    int t = threadIdx.x, tiles = (n + 63) / 64;
    auto load = [&](int tile, int stage) {
        int i = tile * 64 + t;
        copy16(shared32(&ring[stage][t]), x + (i < n ? i : 0), i < n ? 16 : 0);
    };
    for (int s = 0; s < 2; s++) {
        if (s < tiles) load(s, s);
        commit();
    }
    for (int tile = 0; tile < tiles; tile++) {
        await<1>();
        __syncthreads();
        if (tile + 2 < tiles) load(tile + 2, (tile + 2) % 3);
        commit();
        float4 v = ring[tile % 3][t ^ 33];
        int i = tile * 64 + t;
        if (i < n) y[i] = make_float4(2 * v.x, 2 * v.y, 2 * v.z, 2 * v.w);
    }
}
