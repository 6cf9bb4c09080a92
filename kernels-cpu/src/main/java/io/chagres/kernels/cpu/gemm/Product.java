package io.chagres.kernels.cpu.gemm;

import io.chagres.kernels.cpu.pool.Args;
import io.chagres.kernels.cpu.pool.Team;
import io.chagres.kernels.cpu.pool.WorkerPool;
import io.chagres.kernels.cpu.vector.Lanes;
import io.chagres.tensor.DType;
import java.util.Objects;

/// A single-precision product at work: the parameters in bytes, the memory of each worker, and the
/// loops around the micro-kernel.
///
/// For each block of columns, for each block of depth, for each block of rows: the team packs the panels
/// of B and A it needs, meets, computes the tiles, meets again. Every element of C is one sum over k in
/// ascending order within a depth block, blocks added in order, whoever computes it.
final class Product implements WorkerPool.TeamBody {
    private final Lane[] lanes;
    private final Packed shared = new Packed();

    private int m;
    private int n;
    private int k;
    private long a;
    private long aRow;
    private long aStep;
    private DType aType = DType.F32;
    private long b;
    private long bStep;
    private long bColumn;
    private DType bType = DType.F32;
    private long c;
    private long cRow;
    private int batch;
    private long aBatch;
    private long bBatch;
    private long cBatch;
    private long bias;
    private boolean accumulate;

    private int depthBlock;
    private int columnBlock;
    private boolean readA;
    private boolean readB;
    private boolean oneEach;

    Product(int threads) {
        lanes = new Lane[threads];
        for (int i = 0; i < threads; i++) {
            lanes[i] = new Lane();
        }
    }

    /// Takes over a call. K must be at least 1.
    void prepare(GemmCall call) {
        m = call.m;
        n = call.n;
        k = call.k;
        aType = Objects.requireNonNullElse(call.aType, DType.F32);
        bType = Objects.requireNonNullElse(call.bType, DType.F32);
        long aBytes = aType.bytes();
        long bBytes = bType.bytes();
        a = call.a;
        aRow = call.aRow * aBytes;
        aStep = call.aColumn * aBytes;
        aBatch = call.aBatch * aBytes;
        b = call.b;
        bStep = call.bRow * bBytes;
        bColumn = call.bColumn * bBytes;
        bBatch = call.bBatch * bBytes;
        c = call.c;
        cRow = call.cRow * 4;
        cBatch = call.cBatch * 4;
        batch = call.batch;
        bias = call.bias;
        accumulate = call.accumulate;
        if (batch > 1 && bBatch == 0 && aBatch == aRow * m && cBatch == cRow * m) {
            m = Math.multiplyExact(m, batch);
            batch = 1;
        }
        depthBlock = Tiling.depthBlock(k);
        columnBlock = Tiling.columnBlock(m);
        boolean small = (long) m * n * k <= Tiling.SMALL;
        readA = small && aType == DType.F32;
        readB = bType == DType.F32 && bColumn == 4 && (small || m <= Tiling.FEW_ROWS);
    }

    /// Computes, on as many threads of the pool as are worth waking.
    void run(WorkerPool pool) {
        long perWorker = Math.max(1, Tiling.WORK_PER_THREAD / ((long) n * k));
        int workers = Math.clamp((long) m * batch / perWorker, 1, pool.threads());
        oneEach = batch >= workers;
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
            for (long i = team.next(); i < batch; i = team.next()) {
                multiply(i, 1, lane.solo, lane, lane.packed);
            }
        } else {
            for (int i = 0; i < batch; i++) {
                multiply(i, workers, team, lane, shared);
            }
        }
    }

    private void reserve(Packed packed, int workers) {
        int rowPanels = Math.ceilDiv(Math.min(m, workers * Tiling.ROW_BLOCK), Tiling.ROWS);
        int columnPanels = Math.ceilDiv(Math.min(n, columnBlock), Tiling.COLUMNS);
        if (!readA) {
            packed.a.reserve(rowPanels * Tiling.rowPanelBytes(depthBlock));
        }
        packed.b.reserve(columnPanels * Tiling.columnPanelBytes(depthBlock) + Lanes.BITS / 8);
    }

    private void multiply(long index, int workers, Team team, Lane lane, Packed packed) {
        Block block = lane.block;
        configure(block, packed);
        long itemA = a + index * aBatch;
        long itemB = b + index * bBatch;
        long itemC = c + index * cBatch;
        int rowBlock = Math.min(m, workers * Tiling.ROW_BLOCK);
        for (int j = 0; j < n; j += columnBlock) {
            block.columns = Math.min(columnBlock, n - j);
            for (int p = 0; p < k; p += depthBlock) {
                block.depth = Math.min(depthBlock, k - p);
                block.add = accumulate || p > 0;
                block.bias = bias != 0 && p + block.depth == k ? bias + 4L * j : 0;
                block.b = itemB + p * bStep + j * bColumn;
                for (int i = 0; i < m; i += rowBlock) {
                    block.rows = Math.min(rowBlock, m - i);
                    block.a = itemA + i * aRow + p * aStep;
                    block.c = itemC + i * cRow + 4L * j;
                    block.pack(team, i == 0);
                    block.compute(team, workers);
                }
            }
        }
    }

    private void configure(Block block, Packed packed) {
        block.aType = aType;
        block.aRow = aRow;
        block.aStep = aStep;
        block.bType = bType;
        block.bStep = bStep;
        block.bColumn = bColumn;
        block.cRow = cRow;
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
