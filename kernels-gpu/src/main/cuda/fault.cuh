// Reports a wrong input: code of the op in the highest byte, the wrong value below.
// `io.chagres.kernels.gpu.driver.Faults` reads the word.
#pragma once

enum { GATHER = 1, SCATTER_ADD, INDEX_SELECT, INDEX_ADD, CROSS_ENTROPY, DIVISION = 100 };

static __device__ __forceinline__ void report(long long* fault, int code, long long value) {
    *(volatile long long*)fault = ((long long)code << 56) | (value & 0x00FFFFFFFFFFFFFFll);
}
