// Attention, o = softmax(scale · q kᵀ) v, for BF16 and F16 on tensor cores, the scores kept in
// registers (Dao 2023, arXiv:2307.08691). Scores, weights' sums and results are added in F32; the
// weights are rounded to the operands' type before they meet v.
//
// attention_T_D: heads of up to D elements, in multiples of 8; what lacks to D is filled with zeros.
// A block of 4 warps takes 64 queries of a head, 16 a warp, and walks over the keys that any of them
// may see, 64 at a time: two stages of k and v filled by cp.async, the next on its way while the
// last is used. Every query sees the keys of a range [from, to), which is how causal order, a window
// and packed sequences are expressed; tiles that all queries see whole are not masked.
// With m the largest score so far, l = Σ exp(s - m): a tile with a larger m scales l and o by
// exp(m_old - m_new). At the end o / l and the log-sum-exp m + log l; 0 and -∞ without any key.
// Rows of shared memory hold D elements; the 16 bytes c of row r lie at c xor (r mod 8), so that
// neither the eight rows of an ldmatrix nor the stores of results meet in a bank.
// Grid: tiles of queries, those with most keys first, then heads, then the batch, in one dimension.
// Dynamic shared memory: 512 · D bytes; q passes through the second stage of k, results through the
// first.
#include "mma.cuh"

#define QUERIES 64
#define KEYS 64
#define THREADS 128
#define LOG2_E 1.4426950408889634f
#define NOTHING __int_as_float(0xff800000)

// Strides in elements. What is not contiguous along a head's elements is not taken.
struct Strides {
    long long batch;
    long long token;
    long long head;
};

// q (B, T, H, d), k (B, S, H / group, d), v (B, S, H / group, dv), o (B, T, H, dv) and lse (B, H, T)
// contiguous; `ends` are the last `sequences` offsets of packed sequences.
struct Call {
    const void* q;
    const void* k;
    const void* v;
    void* o;
    float* lse;
    const int* ends;
    Strides toQ;
    Strides toK;
    Strides toV;
    int queries;
    int keys;
    int heads;
    int group;
    int d;
    int dv;
    int causal;
    int window;
    int sequences;
    float scale;
};

extern __shared__ __align__(1024) unsigned char tiles[];

static __device__ __forceinline__ float exp2Fast(float x) {
    float y;
    asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
    return y;
}

// Two floats rounded, the first in the lower half.
template <class T> static __device__ __forceinline__ unsigned pack(float a, float b);
template <> __device__ __forceinline__ unsigned pack<bf16>(float a, float b) {
    unsigned r;
    asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(r) : "f"(b), "f"(a));
    return r;
}
template <> __device__ __forceinline__ unsigned pack<f16>(float a, float b) {
    unsigned r;
    asm("cvt.rn.f16x2.f32 %0, %1, %2;" : "=r"(r) : "f"(b), "f"(a));
    return r;
}

// Keys [from, to) that a query may see.
static __device__ __forceinline__ void range(const Call& call, int query, int& from, int& to) {
    int past = call.keys - call.queries;
    from = 0;
    to = call.keys;
    if (call.causal) to = min(to, query + past + 1);
    if (call.window) from = max(from, query + past + 1 - call.window);
    if (call.sequences) {
        int low = 0;
        int high = call.sequences;
        while (low < high) {
            int middle = (low + high) / 2;
            if (call.ends[middle] <= query) low = middle + 1;
            else high = middle;
        }
        if (low > 0) from = max(from, call.ends[low - 1]);
        if (low < call.sequences) to = min(to, call.ends[low]);
    }
}

// Address of the 16 bytes `chunk` of a row.
template <int D>
static __device__ __forceinline__ unsigned place(unsigned tile, int row, int chunk) {
    return tile + row * (2 * D) + ((chunk ^ (row & 7)) << 4);
}

// The place `chunks` further on in the row, where `chunks` and the chunk of `at` share no bit.
static __device__ __forceinline__ unsigned along(unsigned at, int chunks) {
    return at ^ (chunks << 4);
}

// Fetches 64 rows of a head beginning at `row`; zeros beyond its size and beyond `rows`.
template <class T, int D>
static __device__ __forceinline__ void fetch(
        unsigned to, const T* from, long long pitch, int row, int rows, int size) {
    constexpr int STEP = THREADS / (D / 8); // a multiple of 8: all of a thread's rows lie alike
    int c = threadIdx.x % (D / 8);
    row += threadIdx.x / (D / 8);
    const T* source = from + row * pitch + 8 * c;
    to = place<D>(to, threadIdx.x / (D / 8), c);
#pragma unroll
    for (int u = 0; u < KEYS / STEP; u++) {
        bool exists = row + STEP * u < rows && 8 * c < size;
        copyAsync(to + STEP * u * 2 * D, exists ? source + STEP * u * pitch : from, exists ? 16 : 0);
    }
}

static __device__ __forceinline__ void commit() {
    asm volatile("cp.async.commit_group;" ::: "memory");
}

static __device__ __forceinline__ void arrived() {
    asm volatile("cp.async.wait_group 0;" ::: "memory");
    __syncthreads();
}

template <class T, int D>
static __device__ __forceinline__ void attend(const Call& call) {
    constexpr int TILE = KEYS * D * 2;
    int blocks = (call.queries + QUERIES - 1) / QUERIES;
    int row0 = (blocks - 1 - (int)(blockIdx.x % blocks)) * QUERIES;
    int head = blockIdx.x / blocks % call.heads;
    int batch = blockIdx.x / blocks / call.heads;
    int lane = threadIdx.x % 32;
    int warp = threadIdx.x / 32;
    const T* q = (const T*)call.q + batch * call.toQ.batch + head * call.toQ.head;
    const T* k = (const T*)call.k + batch * call.toK.batch + head / call.group * call.toK.head;
    const T* v = (const T*)call.v + batch * call.toV.batch + head / call.group * call.toV.head;
    unsigned keyTiles = sharedAddress(tiles);
    unsigned valueTiles = keyTiles + 2 * TILE;

    // What the block and this thread's two rows may see; a row that does not exist sees as the last.
    int last = min(row0 + QUERIES, call.queries) - 1;
    int from, to, wholeFrom, wholeTo;
    range(call, row0, from, wholeTo);
    range(call, last, wholeFrom, to);
    int low[2], high[2];
#pragma unroll
    for (int half = 0; half < 2; half++)
        range(call, min(row0 + warp * 16 + lane / 4 + 8 * half, last), low[half], high[half]);
    int first = from / KEYS * KEYS;

    fetch<T, D>(keyTiles + TILE, q, call.toQ.token, row0, call.queries, call.d);
    if (first < to) {
        fetch<T, D>(keyTiles, k, call.toK.token, first, call.keys, call.d);
        fetch<T, D>(valueTiles, v, call.toV.token, first, call.keys, call.dv);
    }
    commit();
    arrived();
    unsigned query[D / 16][4];
#pragma unroll
    for (int i = 0; i < D / 16; i++)
        load4(
                query[i],
                along(place<D>(keyTiles + TILE, warp * 16 + lane % 16, lane / 16), 2 * i));

    float out[D / 8][4];
#pragma unroll
    for (int i = 0; i < D / 8; i++)
#pragma unroll
        for (int e = 0; e < 4; e++) out[i][e] = 0;
    float most[2] = {NOTHING, NOTHING};
    float sum[2] = {0, 0};
    float scale = call.scale * LOG2_E;
    int stage = 0;
    for (int at = first; at < to; at += KEYS, stage ^= 1) {
        arrived();
        if (at + KEYS < to) {
            unsigned next = (stage ^ 1) * TILE;
            fetch<T, D>(keyTiles + next, k, call.toK.token, at + KEYS, call.keys, call.d);
            fetch<T, D>(valueTiles + next, v, call.toV.token, at + KEYS, call.keys, call.dv);
        }
        commit();
        unsigned key = place<D>(
                keyTiles + stage * TILE, lane % 8 + lane / 16 * 8, lane / 8 % 2);
        unsigned value = place<D>(valueTiles + stage * TILE, lane % 16, lane / 16);
        float score[KEYS / 8][4];
#pragma unroll
        for (int j = 0; j < KEYS / 8; j++)
#pragma unroll
            for (int e = 0; e < 4; e++) score[j][e] = 0;
#pragma unroll
        for (int i = 0; i < D / 16; i++)
#pragma unroll
            for (int j = 0; j < KEYS / 16; j++) {
                unsigned y[4];
                load4(y, along(key, 2 * i) + 16 * j * 2 * D);
                Mma<T>::add(score[2 * j], query[i], y[0], y[1]);
                Mma<T>::add(score[2 * j + 1], query[i], y[2], y[3]);
            }
        if (at < wholeFrom || at + KEYS > wholeTo) {
#pragma unroll
            for (int j = 0; j < KEYS / 8; j++)
#pragma unroll
                for (int e = 0; e < 4; e++) {
                    int s = at + 8 * j + lane % 4 * 2 + e % 2;
                    if (s < low[e / 2] || s >= high[e / 2]) score[j][e] = NOTHING;
                }
        }
#pragma unroll
        for (int half = 0; half < 2; half++) {
            float m = most[half];
#pragma unroll
            for (int j = 0; j < KEYS / 8; j++)
                m = fmaxf(m, fmaxf(score[j][2 * half], score[j][2 * half + 1]));
            m = fmaxf(m, __shfl_xor_sync(~0u, m, 1));
            m = fmaxf(m, __shfl_xor_sync(~0u, m, 2));
            float shift = m == NOTHING ? 0 : m * scale;
            float factor = exp2Fast(most[half] * scale - shift);
            most[half] = m;
            sum[half] *= factor;
#pragma unroll
            for (int i = 0; i < D / 8; i++) {
                out[i][2 * half] *= factor;
                out[i][2 * half + 1] *= factor;
            }
#pragma unroll
            for (int j = 0; j < KEYS / 8; j++)
#pragma unroll
                for (int e = 2 * half; e < 2 * half + 2; e++) {
                    score[j][e] = exp2Fast(score[j][e] * scale - shift);
                    sum[half] += score[j][e];
                }
        }
#pragma unroll
        for (int j = 0; j < KEYS / 16; j++) {
            unsigned weight[4];
#pragma unroll
            for (int e = 0; e < 4; e++)
                weight[e] = pack<T>(
                        score[2 * j + e / 2][e % 2 * 2], score[2 * j + e / 2][e % 2 * 2 + 1]);
#pragma unroll
            for (int i = 0; i < D / 16; i++) {
                unsigned y[4];
                load4Transposed(y, along(value, 2 * i) + 16 * j * 2 * D);
                Mma<T>::add(out[2 * i], weight, y[0], y[1]);
                Mma<T>::add(out[2 * i + 1], weight, y[2], y[3]);
            }
        }
    }

    // Each warp turns its rows round in shared memory, to store 16 bytes a thread.
    __syncthreads();
    unsigned turn = warp * 16 * D * 2;
#pragma unroll
    for (int half = 0; half < 2; half++) {
        float l = sum[half];
        l += __shfl_xor_sync(~0u, l, 1);
        l += __shfl_xor_sync(~0u, l, 2);
        float inverse = l == 0 ? 0 : 1 / l;
        int r = lane / 4 + 8 * half;
#pragma unroll
        for (int i = 0; i < D / 8; i++)
            *(unsigned*)(tiles + place<D>(turn, r, i) + lane % 4 * 4) =
                    pack<T>(out[i][2 * half] * inverse, out[i][2 * half + 1] * inverse);
        int row = row0 + warp * 16 + r;
        if (lane % 4 == 0 && row < call.queries)
            call.lse[((long long)batch * call.heads + head) * call.queries + row] =
                    l == 0 ? NOTHING : most[half] * call.scale + logf(l);
    }
    __syncwarp();
    T* o = (T*)call.o + ((long long)batch * call.queries * call.heads + head) * call.dv;
#pragma unroll
    for (int u = 0; u < 16 * D / 8 / 32; u++) {
        int e = lane + 32 * u;
        int r = e / (D / 8);
        int c = e % (D / 8);
        int row = row0 + warp * 16 + r;
        if (row < call.queries && 8 * c < call.dv)
            *(uint4*)(o + (long long)row * call.heads * call.dv + 8 * c) =
                    *(const uint4*)(tiles + place<D>(turn, r, c));
    }
}

#define ATTENTION(T, name, D)                                                               \
    extern "C" __global__ void __launch_bounds__(THREADS, D == 64 ? 3 : 2)                  \
            attention_##name##_##D(const __grid_constant__ Call call) {                     \
        attend<T, D>(call);                                                                 \
    }
ATTENTION(bf16, bf16, 64)
ATTENTION(bf16, bf16, 128)
ATTENTION(f16, f16, 64)
ATTENTION(f16, f16, 128)
