package io.chagres.kernels.cpu.pool;

/// A reusable block of parameters for a loop body, so that bodies can be constants (lambdas that
/// capture nothing) and a parallel loop allocates nothing.
///
/// Get the calling thread's block from [WorkerPool#args()], fill it, and pass it to
/// [WorkerPool#forRange] or [WorkerPool#team].
public final class Args {
    /// Addresses, sizes, strides and flags.
    public final long[] l = new long[32];

    /// Real parameters.
    public final double[] d = new double[8];

    /// Makes a block of zeros.
    public Args() {}
}
