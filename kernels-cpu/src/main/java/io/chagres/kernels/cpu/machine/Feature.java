package io.chagres.kernels.cpu.machine;

/// Extensions of x86-64 that kernels ask for. A processor has one if it says so and the operating
/// system keeps the registers it needs.
public enum Feature {
    /// 256-bit vectors: AVX, AVX2 and FMA.
    AVX2,
    /// 512-bit vectors, masks, 32 registers: AVX-512 F, BW, DQ and VL.
    AVX512,
    /// Products of bfloat16 pairs at every width: AVX512_BF16 on top of [#AVX512].
    AVX512_BF16,
    /// Products of groups of four bytes at every width: AVX512_VNNI on top of [#AVX512].
    AVX512_VNNI,
    /// The same for processors without AVX-512, 256 bits.
    AVX_VNNI,
    /// Products of signed bytes, 256 bits: AVX_VNNI_INT8.
    AVX_VNNI_INT8
}
