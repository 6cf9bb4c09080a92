// Element types and how they are loaded, computed with and stored.
//
// F32, BF16 and F16 are computed in float, F64 in double, whole numbers and truth values in 64 bits.
// Every store rounds once, to nearest even.
#pragma once

struct bf16 { unsigned short bits; };
struct f16 { unsigned short bits; };
struct truth { unsigned char bits; };

template <class T> struct Element;

template <> struct Element<double> {
    typedef double Wide;
    static __device__ __forceinline__ double load(const double* p) { return *p; }
    static __device__ __forceinline__ void store(double* p, double v) { *p = v; }
};

template <> struct Element<float> {
    typedef float Wide;
    static __device__ __forceinline__ float load(const float* p) { return *p; }
    static __device__ __forceinline__ void store(float* p, float v) { *p = v; }
};

template <> struct Element<bf16> {
    typedef float Wide;
    static __device__ __forceinline__ float load(const bf16* p) {
        return __uint_as_float((unsigned)p->bits << 16);
    }
    static __device__ __forceinline__ void store(bf16* p, float v) {
        asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(p->bits) : "f"(v));
    }
};

template <> struct Element<f16> {
    typedef float Wide;
    static __device__ __forceinline__ float load(const f16* p) {
        float v;
        asm("cvt.f32.f16 %0, %1;" : "=f"(v) : "h"(p->bits));
        return v;
    }
    static __device__ __forceinline__ void store(f16* p, float v) {
        asm("cvt.rn.f16.f32 %0, %1;" : "=h"(p->bits) : "f"(v));
    }
};

#define WHOLE(T)                                                                            \
    template <> struct Element<T> {                                                         \
        typedef long long Wide;                                                             \
        static __device__ __forceinline__ long long load(const T* p) { return *p; }         \
        static __device__ __forceinline__ void store(T* p, long long v) { *p = (T)v; }      \
    };
WHOLE(signed char)
WHOLE(int)
WHOLE(long long)

template <> struct Element<truth> {
    typedef long long Wide;
    static __device__ __forceinline__ long long load(const truth* p) { return p->bits != 0; }
    static __device__ __forceinline__ void store(truth* p, long long v) { p->bits = v != 0; }
};

// A float that rounds to the same BF16 or F16 as v does: towards zero, with the last bit set where
// something was lost ("round to odd"), so that the second rounding sees it.
static __device__ __forceinline__ float odd(double v) {
    float f = __double2float_rz(v);
    return (double)f == v || v != v ? f : __uint_as_float(__float_as_uint(f) | 1u);
}

static __device__ __forceinline__ float odd(long long v) {
    float f = __ll2float_rz(v);
    return (long long)f == v ? f : __uint_as_float(__float_as_uint(f) | 1u);
}

// Conversions between the types that are computed in, as a Java cast makes them.
template <class To> struct Convert;
template <> struct Convert<double> {
    static __device__ __forceinline__ void store(double* p, double v) { *p = v; }
    static __device__ __forceinline__ void store(double* p, float v) { *p = v; }
    static __device__ __forceinline__ void store(double* p, long long v) { *p = (double)v; }
};
template <> struct Convert<float> {
    static __device__ __forceinline__ void store(float* p, double v) { *p = (float)v; }
    static __device__ __forceinline__ void store(float* p, float v) { *p = v; }
    static __device__ __forceinline__ void store(float* p, long long v) { *p = (float)v; }
};
template <> struct Convert<bf16> {
    template <class W> static __device__ __forceinline__ void store(bf16* p, W v) {
        Element<bf16>::store(p, odd(v));
    }
    static __device__ __forceinline__ void store(bf16* p, float v) { Element<bf16>::store(p, v); }
};
template <> struct Convert<f16> {
    template <class W> static __device__ __forceinline__ void store(f16* p, W v) {
        Element<f16>::store(p, odd(v));
    }
    static __device__ __forceinline__ void store(f16* p, float v) { Element<f16>::store(p, v); }
};
template <> struct Convert<long long> {
    static __device__ __forceinline__ void store(long long* p, double v) {
        *p = v != v ? 0 : __double2ll_rz(v);
    }
    static __device__ __forceinline__ void store(long long* p, float v) { store(p, (double)v); }
    static __device__ __forceinline__ void store(long long* p, long long v) { *p = v; }
};
template <> struct Convert<int> {
    static __device__ __forceinline__ void store(int* p, double v) {
        *p = v != v ? 0 : __double2int_rz(v);
    }
    static __device__ __forceinline__ void store(int* p, float v) { store(p, (double)v); }
    static __device__ __forceinline__ void store(int* p, long long v) { *p = (int)v; }
};
template <> struct Convert<signed char> {
    static __device__ __forceinline__ void store(signed char* p, double v) {
        *p = (signed char)(v != v ? 0 : __double2int_rz(v));
    }
    static __device__ __forceinline__ void store(signed char* p, float v) { store(p, (double)v); }
    static __device__ __forceinline__ void store(signed char* p, long long v) {
        *p = (signed char)v;
    }
};
template <> struct Convert<truth> {
    template <class W> static __device__ __forceinline__ void store(truth* p, W v) {
        p->bits = v != 0;
    }
};

// FOR_FLOATS(X), FOR_WHOLES(X), FOR_ALL(X): X(C++ type, suffix of the kernel's name).
#define FOR_FLOATS(X) X(double, f64) X(float, f32) X(bf16, bf16) X(f16, f16)
#define FOR_WHOLES(X) X(signed char, i8) X(int, i32) X(long long, i64)
#define FOR_ALL(X) FOR_FLOATS(X) FOR_WHOLES(X) X(truth, bool)
// X(C++ type, bytes): for kernels that move bits.
#define FOR_WIDTHS(X) \
    X(unsigned char, 1) X(unsigned short, 2) X(unsigned int, 4) X(unsigned long long, 8)
