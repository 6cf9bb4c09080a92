// Kernels that move or make bits without computing. Grid: one thread per element.
//   copy_B:   y = x, both of any layout; also the parts of concat and pad
//   fill_B:   y = a constant
//   select_B: y = condition ? a : b, with broadcasting
#include "types.cuh"
#include "walk.cuh"

#define COPY(T, bytes)                                                                      \
    extern "C" __global__ void __launch_bounds__(256)                                       \
    copy_##bytes(const __grid_constant__ Walk<2> w, const T* x, T* y) {                     \
        unsigned i = element();                                                             \
        if (i >= w.count) return;                                                           \
        long long at[2];                                                                    \
        locate(w, i, at);                                                                   \
        y[at[1]] = x[at[0]];                                                                \
    }
FOR_WIDTHS(COPY)

#define FILL(T, bytes)                                                                      \
    extern "C" __global__ void __launch_bounds__(256)                                       \
    fill_##bytes(const __grid_constant__ Walk<1> w, T* y, unsigned long long bits) {        \
        unsigned i = element();                                                             \
        if (i >= w.count) return;                                                           \
        long long at[1];                                                                    \
        locate(w, i, at);                                                                   \
        y[at[0]] = (T)bits;                                                                 \
    }
FOR_WIDTHS(FILL)

#define SELECT(T, bytes)                                                                    \
    extern "C" __global__ void __launch_bounds__(256) select_##bytes(                       \
            const __grid_constant__ Walk<4> w, const unsigned char* c, const T* a, const T* b, T* y) { \
        unsigned i = element();                                                             \
        if (i >= w.count) return;                                                           \
        long long at[4];                                                                    \
        locate(w, i, at);                                                                   \
        y[at[3]] = c[at[0]] ? a[at[1]] : b[at[2]];                                          \
    }
FOR_WIDTHS(SELECT)
