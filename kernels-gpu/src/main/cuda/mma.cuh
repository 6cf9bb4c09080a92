// Tensor cores and the copies that feed them: cp.async, ldmatrix and mma.m16n8k16 for BF16 and F16.
#pragma once
#include "types.cuh"

static __device__ __forceinline__ unsigned sharedAddress(const void* p) {
    return (unsigned)__cvta_generic_to_shared(p);
}

// Copies 16 bytes, of which the first `bytes` exist.
static __device__ __forceinline__ void copyAsync(unsigned to, const void* from, int bytes) {
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(to), "l"(from), "r"(bytes)
                 : "memory");
}

static __device__ __forceinline__ void load4(unsigned (&r)[4], unsigned from) {
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];"
                 : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
                 : "r"(from)
                 : "memory");
}

static __device__ __forceinline__ void load4Transposed(unsigned (&r)[4], unsigned from) {
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0,%1,%2,%3}, [%4];"
                 : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
                 : "r"(from)
                 : "memory");
}

template <class T> struct Mma;
#define MMA_OF(T, type)                                                                     \
    template <> struct Mma<T> {                                                             \
        static __device__ __forceinline__ void add(                                         \
                float (&c)[4], const unsigned (&a)[4], unsigned b0, unsigned b1) {          \
            asm volatile("mma.sync.aligned.m16n8k16.row.col.f32." #type "." #type ".f32 "   \
                         "{%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"            \
                         : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])                   \
                         : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));   \
        }                                                                                   \
    };
MMA_OF(bf16, bf16)
MMA_OF(f16, f16)
