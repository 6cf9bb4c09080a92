// What an optimizer does with contiguous tensors.
//   adamw_T (type of g; p, m, v in F32), Loshchilov and Hutter 2017, with ĝ = k·g:
//     m = β₁m + (1 - β₁)ĝ, v = β₂v + (1 - β₂)ĝ²,
//     p = p(1 - lr·λ) - lr·(m/(1 - β₁ᵗ)) / (√(v/(1 - β₂ᵗ)) + eps)
//     (lr, t, k) are read from device memory, so that a recorded step can be played again.
//     Grid: blocks of 256 threads that stride over the elements.
//   sum_squares_T: parts[first + block] = Σ x² of the block's elements, in double.
//     Grid: any number of blocks of 256 threads.
//   add_parts: one double, the sum of the parts. Grid: one block of 256 threads.
#include "types.cuh"
#include "block.cuh"

#define ADAMW(T, name)                                                                      \
    extern "C" __global__ void __launch_bounds__(256) adamw_##name(                         \
            float* p, float* m, float* v, const T* g, const double* now, long long count,   \
            double beta1, double beta2, double eps, double decay) {                         \
        __shared__ float rate[4];                                                           \
        if (threadIdx.x == 0) {                                                             \
            double lr = now[0];                                                             \
            rate[0] = (float)now[2];                                                        \
            rate[1] = (float)(1 - lr * decay);                                              \
            rate[2] = (float)(lr / (1 - exp(now[1] * log(beta1))));                         \
            rate[3] = (float)(1 / (1 - exp(now[1] * log(beta2))));                          \
        }                                                                                   \
        __syncthreads();                                                                    \
        float b1 = (float)beta1, c1 = (float)(1 - beta1);                                   \
        float b2 = (float)beta2, c2 = (float)(1 - beta2);                                   \
        long long stride = (long long)gridDim.x * 256;                                      \
        for (long long i = (long long)blockIdx.x * 256 + threadIdx.x; i < count; i += stride) { \
            float d = Element<T>::load(g + i) * rate[0];                                    \
            float m1 = b1 * m[i] + c1 * d;                                                  \
            float v1 = b2 * v[i] + c2 * d * d;                                              \
            m[i] = m1;                                                                      \
            v[i] = v1;                                                                      \
            p[i] = p[i] * rate[1] - rate[2] * m1 / (root(v1 * rate[3]) + (float)eps);       \
        }                                                                                   \
    }
ADAMW(float, f32)
ADAMW(bf16, bf16)
ADAMW(f16, f16)

#define SUM_SQUARES(T, name)                                                                \
    extern "C" __global__ void __launch_bounds__(256)                                       \
    sum_squares_##name(const T* x, double* parts, long long count) {                        \
        __shared__ double eight[8];                                                         \
        double sum = 0;                                                                     \
        long long stride = (long long)gridDim.x * 256;                                      \
        for (long long i = (long long)blockIdx.x * 256 + threadIdx.x; i < count; i += stride) { \
            double v = Element<T>::load(x + i);                                             \
            sum += v * v;                                                                   \
        }                                                                                   \
        sum = blockSum(sum, eight);                                                         \
        if (threadIdx.x == 0) parts[blockIdx.x] = sum;                                      \
    }
FOR_FLOATS(SUM_SQUARES)

extern "C" __global__ void __launch_bounds__(256)
add_parts(const double* parts, double* y, int count) {
    __shared__ double eight[8];
    double sum = 0;
    for (int i = threadIdx.x; i < count; i += 256) sum += parts[i];
    sum = blockSum(sum, eight);
    if (threadIdx.x == 0) y[0] = sum;
}
