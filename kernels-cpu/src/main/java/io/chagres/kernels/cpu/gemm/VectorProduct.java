package io.chagres.kernels.cpu.gemm;

import io.chagres.kernels.cpu.pool.WorkerPool;
import io.chagres.tensor.DType;

/// The product of a matrix W with one vector or a few: what a product is when C has a single row or
/// column, and what it should be treated as when C has at most [DotProducts#MOST_VECTORS], W can be
/// read along k and, where the vectors are columns, K is not short. Rows are exempt from the last,
/// so that up to 16 of them give each the bits that it has alone.
///
/// With `y[j][v] = Σₖ W[j][k] x[v][k]`: if C has few rows, W is Bᵀ and the vectors are A's rows; if
/// it has few columns, W is A and the vectors are B's columns. Rows of W contiguous in k give dot
/// products ([DotProducts]); a W contiguous in j gives sums of scaled rows ([ScaledRows]).
final class VectorProduct {
    /// What summing the lanes of one result costs, in products: with few columns and a short K, a
    /// panel that has a lane for each column is faster.
    private static final int SUMMING = 8;

    private final Problem p;
    private final DotProducts dots;
    private final ScaledRows scaled;

    VectorProduct(Problem problem, int threads, boolean machineCode) {
        p = problem;
        dots = new DotProducts(threads, machineCode);
        scaled = new ScaledRows(problem, threads, machineCode);
    }

    /// Whether the problem is one for this class.
    boolean suits() {
        return fewRows() || fewColumns();
    }

    private boolean fewRows() {
        return p.m == 1 || (p.m <= DotProducts.MOST_VECTORS && p.bStep == p.bType.bytes());
    }

    private boolean fewColumns() {
        boolean few = p.n <= DotProducts.MOST_VECTORS && p.aStep == p.aType.bytes();
        boolean summed = p.aType != DType.F32 || p.k >= SUMMING * p.n;
        return p.n == 1 || (few && summed);
    }

    /// Computes it.
    void run(WorkerPool pool) {
        if (fewRows()) {
            if (p.m == 1 && scalesRows(p.bType, p.bColumn, p.bStep)) {
                scaled.weights(p.n, p.bType, p.b, p.bStep, p.bBatch, 4, 4);
                scaled.vectors(p.aType, p.a, p.aStep, p.aBatch);
                scaled.run(pool);
                return;
            }
            dots.shape(p.m, p.n, p.k, p.batch);
            dots.weights(p.bType, p.b, p.bColumn, p.bStep, p.bBatch);
            dots.vectors(p.aType, p.a, p.aRow, p.aStep, p.aBatch);
            dots.results(p.c, 4, p.cRow, p.cBatch);
            dots.bias(p.bias, 4, 0);
        } else {
            if (p.n == 1 && scalesRows(p.aType, p.aRow, p.aStep)) {
                scaled.weights(p.m, p.aType, p.a, p.aStep, p.aBatch, p.cRow, 0);
                scaled.vectors(p.bType, p.b, p.bStep, p.bBatch);
                scaled.run(pool);
                return;
            }
            dots.shape(p.n, p.m, p.k, p.batch);
            dots.weights(p.aType, p.a, p.aRow, p.aStep, p.aBatch);
            dots.vectors(p.bType, p.b, p.bColumn, p.bStep, p.bBatch);
            dots.results(p.c, p.cRow, 4, p.cBatch);
            dots.bias(p.bias, 0, 4);
        }
        dots.accumulate(p.accumulate);
        dots.run(pool);
    }

    private static boolean scalesRows(DType type, long row, long step) {
        return row == type.bytes() && step != type.bytes();
    }
}
