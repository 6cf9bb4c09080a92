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
/// Where C cannot hold the sums between two depth blocks, being BF16 or scaled integers, they stay in
/// memory of their own until the last.
///
/// A batch large enough to occupy all threads is shared out product by product instead.
final class Product implements WorkerPool.TeamBody {
    private final Problem p;
    private final Engine.Choice engines;
    private final Lane[] lanes;
    private final Packed shared = new Packed();

    private int depthBlock;
    private int columnBlock;
    private boolean readA;
    private boolean readB;
    private boolean oneEach;
    private boolean staged;
    private Engine engine;

    Product(Problem problem, int threads, Engine.Choice engines) {
        p = problem;
        this.engines = engines;
        engine = engines.of(p);
        lanes = new Lane[threads];
        for (int i = 0; i < threads; i++) {
            lanes[i] = new Lane(engine);
        }
    }

    /// Computes, on as many threads of the pool as are worth waking.
    void run(WorkerPool pool) {
        engine = engines.of(p);
        int lanesOfK = Math.ceilDiv(p.k, engine.format.perLane);
        depthBlock = Tiling.depthBlock(lanesOfK);
        staged = !p.holdsSums() && depthBlock < lanesOfK;
        columnBlock = staged ? Tiling.STAGED_COLUMNS : Tiling.columnBlock(p.m);
        boolean small = (long) p.m * p.n * p.k <= Tiling.SMALL;
        boolean floats = engine.format == Format.F32;
        readA =
                floats
                        && small
                        && p.aType == DType.F32
                        && Math.abs(p.aRow) <= MicroKernel.WIDEST_ROW;
        readB =
                floats
                        && p.bType == DType.F32
                        && p.bColumn == 4
                        && (small || p.m <= Tiling.FEW_ROWS);
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
        long columns = Math.min(p.n, columnBlock);
        long columnPanels = Math.ceilDiv(columns, Tiling.COLUMNS);
        if (!readA) {
            packed.a.reserve(rowPanels * Tiling.rowPanelBytes(depthBlock));
        }
        long panelBytes = Tiling.columnPanelBytes(depthBlock) + 4L * Tiling.COLUMNS;
        packed.b.reserve(columnPanels * panelBytes + Lanes.BITS / 8);
        if (staged) {
            packed.sums.reserve(4 * columns * p.m);
        }
    }

    private void multiply(long item, int workers, Team team, Lane lane, Packed packed) {
        Block block = lane.block;
        configure(block, packed);
        long a = p.a + item * p.aBatch;
        long b = p.b + item * p.bBatch;
        int rowBlock = (int) Math.min(p.m, (long) workers * Tiling.ROW_BLOCK);
        int perLane = engine.format.perLane;
        long step = (long) depthBlock * perLane;
        for (long j = 0; j < p.n; j += columnBlock) {
            block.columns = (int) Math.min(columnBlock, p.n - j);
            for (long k = 0; k < p.k; k += step) {
                block.elements = (int) Math.min(step, p.k - k);
                block.depth = Math.ceilDiv(block.elements, perLane);
                block.b = b + k * p.bStep + j * p.bColumn;
                for (long i = 0; i < p.m; i += rowBlock) {
                    block.rows = (int) Math.min(rowBlock, p.m - i);
                    block.a = a + i * p.aRow + k * p.aStep;
                    output(block, packed, item, i, j, k);
                    block.pack(team, workers, i == 0);
                    block.compute(team, workers);
                }
            }
        }
    }

    /// Where the block's sums go: to C at once, or to the sums of the depth blocks.
    private void output(Block block, Packed packed, long item, long i, long j, long k) {
        Output out = block.out;
        boolean first = k == 0;
        boolean last = k + block.elements == p.k;
        long c = p.c + item * p.cBatch + i * p.cRow + j * p.cType.bytes();
        long sumsRow = 4L * block.columns;
        long sums = packed.sums.address() + i * sumsRow;
        if (staged && !last) {
            out.c = sums;
            out.row = sumsRow;
            out.type = p.sumType();
        } else {
            out.c = c;
            out.row = p.cRow;
            out.type = p.cType;
        }
        if (staged) {
            out.sums = first ? 0 : sums;
            out.sumsRow = sumsRow;
        } else {
            out.sums = !first || (p.accumulate && p.holdsSums()) ? c : 0;
            out.sumsRow = p.cRow;
        }
        out.old = last && p.accumulate && !p.holdsSums();
        out.bias = last && p.bias != 0 ? p.bias + 4 * j : 0;
        boolean scaled = last && p.columnScale != 0;
        out.columnScale = scaled ? p.columnScale + 4 * j : 0;
        out.rowScale = scaled ? p.rowScale + 4 * (item * p.m + i) : 0;
    }

    private void configure(Block block, Packed packed) {
        block.engine = engine;
        block.aType = p.aType;
        block.aRow = p.aRow;
        block.aStep = p.aStep;
        block.bType = p.bType;
        block.bStep = p.bStep;
        block.bColumn = p.bColumn;
        block.readA = readA;
        block.readB = readB;
        block.packedA = packed.a.address();
        block.packedB = packed.b.address();
    }

    /// The packed blocks of A and B that a team, or a single worker, computes with, and the sums
    /// between depth blocks.
    private static final class Packed {
        final Memory a = new Memory();
        final Memory b = new Memory();
        final Memory sums = new Memory();
    }

    /// What one worker owns.
    private static final class Lane {
        final Team solo = Team.solo();
        final Packed packed = new Packed();
        final Block block;

        Lane(Engine engine) {
            block = new Block(engine);
        }
    }
}
