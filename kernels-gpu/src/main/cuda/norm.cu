// Normalisation of the rows of a contiguous tensor, and its gradient.
//   rms_norm_T:   rstd = 1/√(mean(x²) + eps), y = x·rstd·w
//   layer_norm_T: μ = mean(x), rstd = 1/√(mean((x - μ)²) + eps), y = (x - μ)·rstd·w + b
//   norm_backward_T: with x̂ = (x - μ)·rstd and h = g·w:
//                 dx = rstd·(h - mean(h) - x̂·mean(h·x̂)); without μ (null) the mean(h) is left out
// Grid: one block of 256 threads per row. Dynamic shared memory: a row of wide elements when `keep`.
//
//   norm_columns_T: parts[slice][0][c] = Σ g·x̂ and, where wanted, parts[slice][1][c] = Σ g over the
//                 rows of a slice. Grid: (columns / 32, slices); 32 columns by 8 rows of threads.
//   norm_finish_T: dw and db: sums over the slices, in order. Grid: one thread per column.
#include "types.cuh"
#include "block.cuh"

extern __shared__ __align__(16) unsigned char dynamic[];

#define NORM(T, name)                                                                       \
    extern "C" __global__ void __launch_bounds__(256) rms_norm_##name(                      \
            const T* x, const T* w, T* y, T* rstd, int n, double eps, int keep) {           \
        typedef Element<T>::Wide W;                                                         \
        __shared__ W eight[8];                                                              \
        long long at = (long long)blockIdx.x * n;                                           \
        Row<T> row = {x + at, keep ? (W*)dynamic : (W*)0};                                  \
        W sum = 0;                                                                          \
        for (int i = threadIdx.x; i < n; i += 256) {                                        \
            W v = row.first(i);                                                             \
            sum += v * v;                                                                   \
        }                                                                                   \
        W r = 1 / root(blockSum(sum, eight) / n + (W)eps);                                  \
        for (int i = threadIdx.x; i < n; i += 256)                                          \
            Element<T>::store(y + at + i, row.again(i) * r * Element<T>::load(w + i));      \
        if (threadIdx.x == 0) Element<T>::store(rstd + blockIdx.x, r);                      \
    }                                                                                       \
    extern "C" __global__ void __launch_bounds__(256) layer_norm_##name(                    \
            const T* x, const T* w, const T* b, T* y, T* mean, T* rstd, int n, double eps,  \
            int keep) {                                                                     \
        typedef Element<T>::Wide W;                                                         \
        __shared__ W eight[8];                                                              \
        long long at = (long long)blockIdx.x * n;                                           \
        Row<T> row = {x + at, keep ? (W*)dynamic : (W*)0};                                  \
        W sum = 0;                                                                          \
        for (int i = threadIdx.x; i < n; i += 256) sum += row.first(i);                     \
        W m = blockSum(sum, eight) / n;                                                     \
        W square = 0;                                                                       \
        for (int i = threadIdx.x; i < n; i += 256) {                                        \
            W z = row.again(i) - m;                                                         \
            square += z * z;                                                                \
        }                                                                                   \
        W r = 1 / root(blockSum(square, eight) / n + (W)eps);                               \
        for (int i = threadIdx.x; i < n; i += 256)                                          \
            Element<T>::store(                                                              \
                    y + at + i,                                                             \
                    (row.again(i) - m) * r * Element<T>::load(w + i) + Element<T>::load(b + i)); \
        if (threadIdx.x == 0) {                                                             \
            Element<T>::store(mean + blockIdx.x, m);                                        \
            Element<T>::store(rstd + blockIdx.x, r);                                        \
        }                                                                                   \
    }                                                                                       \
    extern "C" __global__ void __launch_bounds__(256) norm_backward_##name(                 \
            const T* x, const T* w, const T* mean, const T* rstd, const T* g, T* dx, int n) { \
        typedef Element<T>::Wide W;                                                         \
        __shared__ W eight[8];                                                              \
        long long at = (long long)blockIdx.x * n;                                           \
        W m = mean ? Element<T>::load(mean + blockIdx.x) : (W)0;                            \
        W r = Element<T>::load(rstd + blockIdx.x);                                          \
        W sum = 0;                                                                          \
        W dot = 0;                                                                          \
        for (int i = threadIdx.x; i < n; i += 256) {                                        \
            W h = Element<T>::load(g + at + i) * Element<T>::load(w + i);                   \
            sum += h;                                                                       \
            dot += h * (Element<T>::load(x + at + i) - m) * r;                              \
        }                                                                                   \
        dot = blockSum(dot, eight) / n;                                                     \
        sum = mean ? blockSum(sum, eight) / n : (W)0;                                       \
        for (int i = threadIdx.x; i < n; i += 256) {                                        \
            W h = Element<T>::load(g + at + i) * Element<T>::load(w + i);                   \
            W z = (Element<T>::load(x + at + i) - m) * r;                                   \
            Element<T>::store(dx + at + i, r * (h - sum - z * dot));                        \
        }                                                                                   \
    }                                                                                       \
    extern "C" __global__ void __launch_bounds__(256) norm_columns_##name(                  \
            const T* x, const T* mean, const T* rstd, const T* g, Element<T>::Wide* parts,  \
            int rows, int n, int perSlice) {                                                \
        typedef Element<T>::Wide W;                                                         \
        __shared__ W part[2][8][32];                                                        \
        int c = blockIdx.x * 32 + threadIdx.x % 32;                                         \
        int lane = threadIdx.x / 32;                                                        \
        int end = min(rows, (int)(blockIdx.y + 1) * perSlice);                              \
        W dot = 0;                                                                          \
        W sum = 0;                                                                          \
        if (c < n) {                                                                        \
            for (int i = blockIdx.y * perSlice + lane; i < end; i += 8) {                   \
                W m = mean ? Element<T>::load(mean + i) : (W)0;                             \
                W v = Element<T>::load(g + (long long)i * n + c);                           \
                W z = (Element<T>::load(x + (long long)i * n + c) - m)                      \
                        * Element<T>::load(rstd + i);                                       \
                dot += v * z;                                                               \
                sum += v;                                                                   \
            }                                                                               \
        }                                                                                   \
        part[0][lane][threadIdx.x % 32] = dot;                                              \
        part[1][lane][threadIdx.x % 32] = sum;                                              \
        __syncthreads();                                                                    \
        if (lane == 0 && c < n) {                                                           \
            for (int l = 1; l < 8; l++) {                                                   \
                dot += part[0][l][threadIdx.x];                                             \
                sum += part[1][l][threadIdx.x];                                             \
            }                                                                               \
            parts[(2ll * blockIdx.y) * n + c] = dot;                                        \
            parts[(2ll * blockIdx.y + 1) * n + c] = sum;                                    \
        }                                                                                   \
    }                                                                                       \
    extern "C" __global__ void __launch_bounds__(256) norm_finish_##name(                   \
            const Element<T>::Wide* parts, T* dw, T* db, int n, int slices) {               \
        typedef Element<T>::Wide W;                                                         \
        int c = blockIdx.x * 256 + threadIdx.x;                                             \
        if (c >= n) return;                                                                 \
        W dot = 0;                                                                          \
        W sum = 0;                                                                          \
        for (int s = 0; s < slices; s++) {                                                  \
            dot += parts[(2ll * s) * n + c];                                                \
            sum += parts[(2ll * s + 1) * n + c];                                            \
        }                                                                                   \
        Element<T>::store(dw + c, dot);                                                     \
        if (db) Element<T>::store(db + c, sum);                                             \
    }
FOR_FLOATS(NORM)
