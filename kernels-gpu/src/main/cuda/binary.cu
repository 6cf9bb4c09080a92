// y = f(a, b), element-wise with broadcasting (strides of 0). Grid: one thread per element.
// `op` is the ordinal of io.chagres.tensor.op.Binary or Compare.
#include "fault.cuh"
#include "types.cuh"
#include "walk.cuh"

enum { ADD, SUB, MUL, DIV, MAX, MIN, POW };
enum { EQ, NE, LT, LE, GT, GE };

// NaN wins, and 0 is larger than -0.
template <class F> static __device__ __forceinline__ F larger(F a, F b) {
    if (a != a || b != b) return a + b;
    return a > b ? a : a < b ? b : signbit(a) ? b : a;
}
template <class F> static __device__ __forceinline__ F smaller(F a, F b) {
    if (a != a || b != b) return a + b;
    return a < b ? a : a > b ? b : signbit(a) ? a : b;
}

// aᵇ for a >= 0, in double.
static __device__ __forceinline__ double power(double a, double b) {
    return b == 0 || a == 1 ? 1 : exp(b * log(a));
}

template <class F> static __device__ __forceinline__ F apply(int op, F a, F b) {
    switch (op) {
        case ADD: return a + b;
        case SUB: return a - b;
        case MUL: return a * b;
        case DIV: return a / b;
        case MAX: return larger(a, b);
        case MIN: return smaller(a, b);
        default: return (F)power(a, b);
    }
}

static __device__ __forceinline__ long long quotient(long long a, long long b, long long* fault) {
    if (b == 0) {
        report(fault, DIVISION, a);
        return 0;
    }
    return b == -1 ? -a : a / b;
}

static __device__ __forceinline__ long long power(long long a, long long b, long long* fault) {
    long long y = 1;
    long long f = a;
    for (unsigned long long e = b < 0 ? -b : b; e > 0; e >>= 1) {
        if (e & 1) y *= f;
        f *= f;
    }
    return b < 0 ? quotient(1, y, fault) : y;
}

static __device__ __forceinline__ long long whole(int op, long long a, long long b, long long* fault) {
    switch (op) {
        case ADD: return a + b;
        case SUB: return a - b;
        case MUL: return a * b;
        case DIV: return quotient(a, b, fault);
        case MAX: return a > b ? a : b;
        case MIN: return a < b ? a : b;
        default: return power(a, b, fault);
    }
}

#define BINARY(T, name)                                                                     \
    extern "C" __global__ void __launch_bounds__(256) binary_##name(                        \
            const __grid_constant__ Walk<3> w, const T* a, const T* b, T* y, int op,        \
            long long* fault) {                                                             \
        unsigned i = element();                                                             \
        if (i >= w.count) return;                                                           \
        long long at[3];                                                                    \
        locate(w, i, at);                                                                   \
        Element<T>::store(                                                                  \
                y + at[2],                                                                  \
                apply(op, Element<T>::load(a + at[0]), Element<T>::load(b + at[1])));       \
    }
FOR_FLOATS(BINARY)

#define BINARY_WHOLE(T, name)                                                               \
    extern "C" __global__ void __launch_bounds__(256) binary_##name(                        \
            const __grid_constant__ Walk<3> w, const T* a, const T* b, T* y, int op,        \
            long long* fault) {                                                             \
        unsigned i = element();                                                             \
        if (i >= w.count) return;                                                           \
        long long at[3];                                                                    \
        locate(w, i, at);                                                                   \
        long long p = Element<T>::load(a + at[0]);                                          \
        long long q = Element<T>::load(b + at[1]);                                          \
        Element<T>::store(y + at[2], whole(op, p, q, fault));                               \
    }
FOR_WHOLES(BINARY_WHOLE)
BINARY_WHOLE(truth, bool)

template <class F> static __device__ __forceinline__ bool compare(int op, F a, F b) {
    switch (op) {
        case EQ: return a == b;
        case NE: return a != b;
        case LT: return a < b;
        case LE: return a <= b;
        case GT: return a > b;
        default: return a >= b;
    }
}

#define COMPARE(T, name)                                                                    \
    extern "C" __global__ void __launch_bounds__(256) compare_##name(                       \
            const __grid_constant__ Walk<3> w, const T* a, const T* b, unsigned char* y, int op) { \
        unsigned i = element();                                                             \
        if (i >= w.count) return;                                                           \
        long long at[3];                                                                    \
        locate(w, i, at);                                                                   \
        y[at[2]] = compare(op, Element<T>::load(a + at[0]), Element<T>::load(b + at[1]));   \
    }
FOR_ALL(COMPARE)
