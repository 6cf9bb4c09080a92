// y = f(x), element-wise, for float types of any layout. Grid: one thread per element.
// `op` is the ordinal of io.chagres.tensor.op.Unary; all threads take the same branch.
#include "types.cuh"
#include "walk.cuh"

enum { EXP, LOG, SQRT, RSQRT, TANH, SIGMOID, RELU, ABS, SIGN, ERF, SIN, COS };

// sin(x + quarter·π/2): x is brought to [-π/4, π/4] by a π/2 of three words, then the minimax
// polynomials for sine and cosine there (coefficients of Sun's fdlibm). Good to |x| of about 1e8.
static __device__ __forceinline__ double sine(double x, int quarter) {
    double k = rint(x * 0.63661977236758134308);
    double r = fma(-k, 1.5707963267948966192, x);
    r = fma(-k, 6.1232339957367660359e-17, r);
    r = fma(-k, -1.4973849048591833e-33, r);
    int q = (int)(long long)k + quarter;
    double z = r * r;
    double y;
    if (q & 1) {
        double c = fma(z, -1.13596475577881948265e-11, 2.08757232129817482790e-09);
        c = fma(z, c, -2.75573143513906633035e-07);
        c = fma(z, c, 2.48015872894767294178e-05);
        c = fma(z, c, -1.38888888888741095749e-03);
        c = fma(z, c, 4.16666666666666019037e-02);
        y = fma(z * z, c, fma(z, -0.5, 1.0));
    } else {
        double s = fma(z, 1.58969099521155010221e-10, -2.50507602534068634195e-08);
        s = fma(z, s, 2.75573137070700676789e-06);
        s = fma(z, s, -1.98412698298579493134e-04);
        s = fma(z, s, 8.33333333332248946124e-03);
        s = fma(z, s, -1.66666666666666324348e-01);
        y = fma(z * r, s, r);
    }
    return q & 2 ? -y : y;
}

static __device__ __forceinline__ float apply(int op, float x) {
    switch (op) {
        case EXP: return expf(x);
        case LOG: return logf(x);
        case SQRT: return __fsqrt_rn(x);
        case RSQRT: return (float)(1.0 / sqrt((double)x));
        case TANH: return tanhf(x);
        case SIGMOID: return 1.0f / (1.0f + expf(-x));
        case RELU: return x > 0 || x != x ? x : 0.0f;
        case ABS: return fabsf(x);
        case SIGN: return x > 0 ? 1.0f : x < 0 ? -1.0f : x;
        case ERF: return erff(x);
        case SIN: return (float)sine(x, 0);
        default: return (float)sine(x, 1);
    }
}

static __device__ __forceinline__ double apply(int op, double x) {
    switch (op) {
        case EXP: return exp(x);
        case LOG: return log(x);
        case SQRT: return sqrt(x);
        case RSQRT: return 1.0 / sqrt(x);
        case TANH: return tanh(x);
        case SIGMOID: return 1.0 / (1.0 + exp(-x));
        case RELU: return x > 0 || x != x ? x : 0.0;
        case ABS: return fabs(x);
        case SIGN: return x > 0 ? 1.0 : x < 0 ? -1.0 : x;
        case ERF: return erf(x);
        case SIN: return sine(x, 0);
        default: return sine(x, 1);
    }
}

#define UNARY(T, name)                                                                      \
    extern "C" __global__ void __launch_bounds__(256)                                       \
    unary_##name(const __grid_constant__ Walk<2> w, const T* x, T* y, int op) {             \
        unsigned i = element();                                                             \
        if (i >= w.count) return;                                                           \
        long long at[2];                                                                    \
        locate(w, i, at);                                                                   \
        Element<T>::store(y + at[1], apply(op, Element<T>::load(x + at[0])));               \
    }
FOR_FLOATS(UNARY)
