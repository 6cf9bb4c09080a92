// Activations of neural networks and their gradients, element-wise, any layout. Grid: one thread per
// element. `op` is the ordinal of io.chagres.tensor.op.Activation.
//   activation_T: y = f(x);  activation_backward_T: dx = g·f'(x)
//   swiglu_T: y = silu(gate)·up
//   swiglu_backward_T: dgate = g·up·silu'(gate), dup = g·silu(gate)
#include "types.cuh"
#include "walk.cuh"

enum { GELU, GELU_TANH, SILU };

template <class W> struct Slope { W value; W slope; };

template <class W> static __device__ __forceinline__ W sigmoid(W x) { return 1 / (1 + ::exp(-x)); }

template <class W> static __device__ __forceinline__ Slope<W> activation(int op, W x) {
    Slope<W> r;
    if (op == GELU) {
        W phi = ((W)1 + ::erf(x * (W)0.70710678118654752440)) * (W)0.5;
        r.value = x * phi;
        r.slope = phi + x * ::exp(x * x * (W)-0.5) * (W)0.39894228040143267794;
    } else if (op == GELU_TANH) {
        W root = (W)0.79788456080286535588;
        W cubic = (W)0.044715;
        W t = ::tanh(x * (x * x * cubic + 1) * root);
        r.value = x * (W)0.5 * (t + 1);
        r.slope = (t + 1) * (W)0.5 + x * (W)0.5 * (1 - t * t) * (x * x * (3 * cubic) + 1) * root;
    } else {
        W s = sigmoid(x);
        r.value = x * s;
        r.slope = s * (x * (1 - s) + 1);
    }
    return r;
}

#define ACTIVATION(T, name)                                                                 \
    extern "C" __global__ void __launch_bounds__(256)                                       \
    activation_##name(const __grid_constant__ Walk<2> w, const T* x, T* y, int op) {        \
        unsigned i = element();                                                             \
        if (i >= w.count) return;                                                           \
        long long at[2];                                                                    \
        locate(w, i, at);                                                                   \
        Element<T>::store(y + at[1], activation(op, Element<T>::load(x + at[0])).value);    \
    }                                                                                       \
    extern "C" __global__ void __launch_bounds__(256) activation_backward_##name(           \
            const __grid_constant__ Walk<3> w, const T* x, const T* g, T* dx, int op) {     \
        unsigned i = element();                                                             \
        if (i >= w.count) return;                                                           \
        long long at[3];                                                                    \
        locate(w, i, at);                                                                   \
        Element<T>::store(                                                                  \
                dx + at[2],                                                                 \
                Element<T>::load(g + at[1])                                                 \
                        * activation(op, Element<T>::load(x + at[0])).slope);               \
    }                                                                                       \
    extern "C" __global__ void __launch_bounds__(256) swiglu_##name(                        \
            const __grid_constant__ Walk<3> w, const T* gate, const T* up, T* y) {          \
        unsigned i = element();                                                             \
        if (i >= w.count) return;                                                           \
        long long at[3];                                                                    \
        locate(w, i, at);                                                                   \
        Element<T>::store(                                                                  \
                y + at[2],                                                                  \
                activation(SILU, Element<T>::load(gate + at[0])).value                      \
                        * Element<T>::load(up + at[1]));                                    \
    }                                                                                       \
    extern "C" __global__ void __launch_bounds__(256) swiglu_backward_##name(               \
            const __grid_constant__ Walk<5> w, const T* gate, const T* up, const T* g,      \
            T* dgate, T* dup) {                                                             \
        unsigned i = element();                                                             \
        if (i >= w.count) return;                                                           \
        long long at[5];                                                                    \
        locate(w, i, at);                                                                   \
        Slope<Element<T>::Wide> s = activation(SILU, Element<T>::load(gate + at[0]));       \
        Element<T>::Wide v = Element<T>::load(g + at[2]);                                   \
        Element<T>::store(dgate + at[3], v * Element<T>::load(up + at[1]) * s.slope);       \
        Element<T>::store(dup + at[4], v * s.value);                                        \
    }
FOR_FLOATS(ACTIVATION)
