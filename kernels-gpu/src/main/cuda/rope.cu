// Rotary position embedding (Su et al. 2021): a pair (a, b) becomes (a·cos - b·sin, b·cos + a·sin).
// The walk goes over pairs: its operands are the first element of a pair in x, its angle in the
// tables, and the first element in y; the second is `step` further. `sign` is -1 to rotate back.
// Names end in the type of x; `_wide` has tables in F32. Grid: one thread per pair.
#include "types.cuh"
#include "walk.cuh"

#define ROPE(T, S, name)                                                                    \
    extern "C" __global__ void __launch_bounds__(256) rope_##name(                          \
            const __grid_constant__ Walk<4> w, const T* x, const S* cosine, const S* sine,  \
            T* y, long long stepX, long long stepY, float sign) {                           \
        unsigned i = element();                                                             \
        if (i >= w.count) return;                                                           \
        long long at[4];                                                                    \
        locate(w, i, at);                                                                   \
        Element<T>::Wide a = Element<T>::load(x + at[0]);                                   \
        Element<T>::Wide b = Element<T>::load(x + at[0] + stepX);                           \
        Element<T>::Wide c = Element<S>::load(cosine + at[1]);                              \
        Element<T>::Wide s = sign * Element<S>::load(sine + at[2]);                         \
        Element<T>::store(y + at[3], a * c - b * s);                                        \
        Element<T>::store(y + at[3] + stepY, b * c + a * s);                                \
    }
ROPE(double, double, f64)
ROPE(float, float, f32)
ROPE(bf16, bf16, bf16)
ROPE(f16, f16, f16)
ROPE(bf16, float, bf16_wide)
ROPE(f16, float, f16_wide)
