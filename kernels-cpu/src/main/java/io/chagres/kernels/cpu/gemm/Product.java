package io.chagres.kernels.cpu.gemm;

import io.chagres.kernels.cpu.pool.Args;
import io.chagres.kernels.cpu.pool.Team;
import io.chagres.kernels.cpu.pool.WorkerPool;
import io.chagres.kernels.cpu.vector.Lanes;
import io.chagres.tensor.DType;

/// The loops around the micro-kernel.
///
/// For each block of columns, for each block of depth, for each block of rows: the team packs the
/// panels of B and A it needs, meets, computes the tiles, meets again. Every element of C is one
/// sum over k in ascending order within a depth block, blocks added in order, whoever computes it.
///
/// A batch large enough to occupy all threads is shared out product by product instead.
final class Product implements WorkerPool.TeamBody {
    private final Problem p;
    private final Lane[] lanes;
    private final Packed shared = new Packed();

    private int depthBlock;
    private int columnBlock;
    private boolean readA;
    private boolean readB;
    private boolean oneEach;

    Product(Problem problem, int threads) {
        p = problem;
        lanes = new Lane[threads];
        for (int i = 0; i < threads; i++) {
            lanes[i] = new Lane();
        }
    }

    /// Computes, on as many threads of the pool as are worth waking.
    void run(WorkerPool pool) {
        depthBlock = Tiling.depthBlock(p.k);
        columnBlock = Tiling.columnBlock(p.m);
        boolean small = (long) p.m * p.n * p.k <= Tiling.SMALL;
        readA = small && p.aType == DType.F32 && Math.abs(p.aRow) <= MicroKernel.WIDEST_ROW;
        readB = p.bType == DType.F32 && p.bColumn == 4 && (small || p.m <= Tiling.FEW_ROWS);
        int workers = (int) Math.clamp(p.work() / Tiling.WORK_PER_THREAD, 1, pool.threads());
        oneEach = p.batch >= workers;
        if (!oneEach) {
            reserve(shared, workers);
        }
        pool.team(workers, WorkerPool.args(), this);
    }

    /// One worker's part.
    @Override
    public void run(Args unused, int worker, int workers, Team team) {
        Lane lane = lanes[worker];
        if (oneEach) {
            reserve(lane.packed, 1);
            for (long i = team.next(); i < p.batch; i = team.next()) {
                multiply(i, 1, lane.solo, lane, lane.packed);
            }
        } else {
            for (int i = 0; i < p.batch; i++) {
                multiply(i, workers, team, lane, shared);
            }
        }
    }

    private void reserve(Packed packed, int workers) {
        long rowBlock = Math.min(p.m, (long) workers * Tiling.ROW_BLOCK);
        long rowPanels = Math.ceilDiv(rowBlock, Tiling.ROWS);
        long columnPanels = Math.ceilDiv(Math.min(p.n, columnBlock), Tiling.COLUMNS);
        if (!readA) {
            packed.a.reserve(rowPanels * Tiling.rowPanelBytes(depthBlock));
        }
        packed.b.reserve(columnPanels * Tiling.columnPanelBytes(depthBlock) + Lanes.BITS / 8);
    }

    private void multiply(long item, int workers, Team team, Lane lane, Packed packed) {
        Block block = lane.block;
        configure(block, packed);
        long a = p.a + item * p.aBatch;
        long b = p.b + item * p.bBatch;
        long c = p.c + item * p.cBatch;
        int rowBlock = (int) Math.min(p.m, (long) workers * Tiling.ROW_BLOCK);
        for (int j = 0; j < p.n; j += columnBlock) {
            block.columns = Math.min(columnBlock, p.n - j);
            for (int k = 0; k < p.k; k += depthBlock) {
                block.depth = Math.min(depthBlock, p.k - k);
                block.add = p.accumulate || k > 0;
                block.bias = p.bias != 0 && k + block.depth == p.k ? p.bias + 4L * j : 0;
                block.b = b + k * p.bStep + j * p.bColumn;
                for (int i = 0; i < p.m; i += rowBlock) {
                    block.rows = Math.min(rowBlock, p.m - i);
                    block.a = a + i * p.aRow + k * p.aStep;
                    block.c = c + i * p.cRow + 4L * j;
                    block.pack(team, workers, i == 0);
                    block.compute(team, workers);
                }
            }
        }
    }

    private void configure(Block block, Packed packed) {
        block.aType = p.aType;
        block.aRow = p.aRow;
        block.aStep = p.aStep;
        block.bType = p.bType;
        block.bStep = p.bStep;
        block.bColumn = p.bColumn;
        block.cRow = p.cRow;
        block.readA = readA;
        block.readB = readB;
        block.packedA = packed.a.address();
        block.packedB = packed.b.address();
    }

    /// The packed blocks of A and B that a team, or a single worker, computes with.
    private static final class Packed {
        final Memory a = new Memory();
        final Memory b = new Memory();
    }

    /// What one worker owns.
    private static final class Lane {
        final Team solo = Team.solo();
        final Packed packed = new Packed();
        final Block block = new Block();
    }
}
