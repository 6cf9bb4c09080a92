package io.chagres.kernels.cpu.machine;

/// The general registers, in the order of their numbers. Code made here is called by the System V
/// convention: the first six whole arguments arrive in RDI, RSI, RDX, RCX, R8, R9; RAX returns a
/// result; RBX, RBP, RSP and R12 to R15 must be left as they were found.
public enum Gpr {
    /// Number 0, the result.
    RAX,
    /// Number 1, the fourth argument.
    RCX,
    /// Number 2, the third argument.
    RDX,
    /// Number 3, to be preserved.
    RBX,
    /// Number 4, the stack pointer.
    RSP,
    /// Number 5, to be preserved.
    RBP,
    /// Number 6, the second argument.
    RSI,
    /// Number 7, the first argument.
    RDI,
    /// Number 8, the fifth argument.
    R8,
    /// Number 9, the sixth argument.
    R9,
    /// Number 10, free.
    R10,
    /// Number 11, free.
    R11,
    /// Number 12, to be preserved.
    R12,
    /// Number 13, to be preserved.
    R13,
    /// Number 14, to be preserved.
    R14,
    /// Number 15, to be preserved.
    R15
}
