package io.chagres.kernels.cpu.gemm;

import io.chagres.kernels.cpu.pool.Args;
import io.chagres.kernels.cpu.pool.WorkerPool;
import io.chagres.kernels.cpu.vector.Lanes;
import io.chagres.tensor.DType;

/// The loops around the micro-kernel.
///
/// C is divided into rectangles, which threads draw one by one. For a rectangle, for each block of
/// columns, for each block of depth, for each block of rows: a thread packs the panels of B and A
/// that it needs and computes the tiles. Every element of C is one sum over k in ascending order
/// within a depth block, blocks added in order, whoever computes it.
///
/// Threads do not share what they pack: they never wait for each other before the end, and a thread
/// that the system holds up keeps nobody else from working. The rectangles are chosen so that
/// little is packed twice.
///
/// Where C cannot hold the sums between two depth blocks, being BF16 or scaled integers, they stay
/// in memory of their own until the last.
final class Product implements WorkerPool.Body {
    /// What packing an element costs, in multiplications.
    private static final double PACKING = 6;

    /// Rectangles for each thread, at most: with more, threads end at about the same time.
    private static final int MOST_ROUNDS = 4;

    /// What more rectangles may cost.
    private static final double FOR_BALANCE = 1.02;

    private final Problem p;
    private final Engine.Choice engines;
    private final Lane[] lanes;

    private int depthBlock;
    private int columnBlock;
    private boolean readA;
    private boolean readB;
    private int rowParts;
    private int columnParts;
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
        int lanesOfK = engine.format.lanes(p.k);
        boolean grouped = p.group != 0;
        depthBlock = grouped ? engine.format.lanes(p.group) : Tiling.depthBlock(lanesOfK);
        staged = !grouped && !p.holdsSums() && depthBlock < lanesOfK;
        double allWork = p.work();
        int workers =
                allWork < 2 * Tiling.WORK_PER_THREAD
                        ? 1
                        : (int) Math.min(allWork / Tiling.WORK_PER_THREAD, pool.threads());
        columnBlock = staged ? Tiling.STAGED_COLUMNS : Tiling.columnBlock(p.m, workers);
        double work = allWork / p.batch;
        boolean small = work <= Tiling.SMALL;
        boolean floats = engine.format == Format.F32;
        readA =
                floats
                        && p.aType == DType.F32
                        && Math.abs(p.aRow) <= MicroKernel.WIDEST_ROW
                        && (small || (engine.readsParts && cheapToReadA()));
        readB =
                floats
                        && p.bType == DType.F32
                        && p.bColumn == 4
                        && (small
                                || p.m <= Tiling.FEW_ROWS
                                || (engine.readsParts && cheapToReadB()));
        divide(workers);
        if (workers == 1) {
            alone(lanes[0]);
            return;
        }
        long parts = (long) p.batch * rowParts * columnParts;
        long grain = Math.ceilDiv(parts, (long) workers * MOST_ROUNDS);
        pool.forRange(parts, grain, WorkerPool.args(), this);
    }

    /// Whether few panels of B share what packing A would cost, and A's elements lie where the
    /// cache keeps those of a tile.
    private boolean cheapToReadA() {
        if (p.n > Tiling.FEW_COLUMNS) {
            return false;
        }
        return p.aStep == 4
                ? Math.abs(p.aRow) % Tiling.CONFLICT != 0
                : p.aRow == 4 && depthBlock * Math.abs(p.aStep) <= Tiling.READ_BYTES;
    }

    /// Whether few rows share what packing B would cost, and a panel of it stays in the cache as it
    /// lies.
    private boolean cheapToReadB() {
        long step = Math.abs(p.bStep);
        return p.m <= Tiling.ROW_BLOCK
                && step % Tiling.CONFLICT != 0
                && Math.min(p.k, depthBlock) * step <= Tiling.READ_BYTES;
    }

    /// Divides C so that the busiest thread has the least to do, packing included; or into some
    /// more rectangles if that costs hardly more.
    private void divide(int workers) {
        rowParts = 1;
        columnParts = 1;
        if (p.batch >= workers) {
            return;
        }
        int rowPanels = Math.ceilDiv(p.m, Tiling.ROWS);
        int columnPanels = Math.ceilDiv(p.n, Tiling.COLUMNS);
        double least = Double.MAX_VALUE;
        int best = 1;
        for (int round = 1; round <= MOST_ROUNDS; round++) {
            int wanted = Math.ceilDiv(round * workers, p.batch);
            for (int columns = 1; columns <= Math.min(wanted, columnPanels); columns++) {
                int rows = Math.min(Math.ceilDiv(wanted, columns), rowPanels);
                double turns = Math.ceilDiv((long) rows * columns * p.batch, workers);
                double height = (double) Math.ceilDiv(rowPanels, rows) * Tiling.ROWS;
                double width = (double) Math.ceilDiv(columnPanels, columns) * Tiling.COLUMNS;
                double cost = turns * (height * width + PACKING * (height + width));
                // Later rounds have more rectangles.
                if (cost < (round == best ? least : FOR_BALANCE * least)) {
                    rowParts = rows;
                    columnParts = columns;
                    least = Math.min(cost, least);
                    best = round;
                }
            }
        }
    }

    /// Computes all on the calling thread; products are not divided then.
    private void alone(Lane lane) {
        reserve(lane.packed);
        configure(lane.block, lane.packed);
        for (int item = 0; item < p.batch; item++) {
            multiply(item, 0, p.m, 0, p.n, lane);
        }
    }

    /// Computes rectangles.
    @Override
    public void run(Args unused, long from, long to, int worker) {
        Lane lane = lanes[worker];
        reserve(lane.packed);
        configure(lane.block, lane.packed);
        long parts = (long) rowParts * columnParts;
        long rowPanels = Math.ceilDiv(p.m, Tiling.ROWS);
        long columnPanels = Math.ceilDiv(p.n, Tiling.COLUMNS);
        for (long i = from; i < to; i++) {
            long r = i % parts / columnParts;
            long c = i % parts % columnParts;
            multiply(
                    i / parts,
                    rowPanels * r / rowParts * Tiling.ROWS,
                    Math.min(p.m, rowPanels * (r + 1) / rowParts * Tiling.ROWS),
                    columnPanels * c / columnParts * Tiling.COLUMNS,
                    Math.min(p.n, columnPanels * (c + 1) / columnParts * Tiling.COLUMNS),
                    lane);
        }
    }

    private void reserve(Packed packed) {
        long rowPanels = Math.ceilDiv(Math.min(p.m, Tiling.ROW_BLOCK), Tiling.ROWS);
        int partPanels = Math.ceilDiv(Math.ceilDiv(p.n, Tiling.COLUMNS), columnParts);
        long columnPanels = Math.min(partPanels, Math.ceilDiv(columnBlock, Tiling.COLUMNS));
        if (!readA) {
            packed.a.reserve(rowPanels * Tiling.rowPanelBytes(depthBlock));
        }
        long panelBytes = Tiling.columnPanelBytes(depthBlock) + 4L * Tiling.COLUMNS;
        packed.b.reserve(columnPanels * panelBytes + Lanes.BITS / 8);
        if (staged) {
            packed.sums.reserve(4L * Tiling.COLUMNS * columnPanels * p.m);
        }
    }

    /// Computes a rectangle of one product.
    private void multiply(long item, long top, long bottom, long left, long right, Lane lane) {
        Block block = lane.block;
        long a = p.a + item * p.aBatch;
        long b = p.b + item * p.bBatch;
        long step = (long) depthBlock * engine.format.perLane;
        for (long j = left; j < right; j += columnBlock) {
            block.columns = (int) Math.min(columnBlock, right - j);
            for (long k = 0; k < p.k; k += step) {
                block.elements = (int) Math.min(step, p.k - k);
                block.depth = engine.format.lanes(block.elements);
                block.b = b + k * p.bStep + j * p.bColumn;
                for (long i = top; i < bottom; i += Tiling.ROW_BLOCK) {
                    block.rows = (int) Math.min(Tiling.ROW_BLOCK, bottom - i);
                    block.a = a + i * p.aRow + k * p.aStep;
                    output(block, lane.packed, item, i, j, k);
                    block.compute(i == top);
                }
            }
        }
    }

    /// Where the block's sums go: to C at once, or to the sums of the depth blocks. A group of
    /// integers is a depth block, and adds floats to C.
    private void output(Block block, Packed packed, long item, long i, long j, long k) {
        Output out = block.out;
        boolean first = k == 0;
        boolean last = k + block.elements == p.k;
        boolean grouped = p.group != 0;
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
            boolean inC = !first || (p.accumulate && p.holdsSums());
            out.sums = inC && !grouped ? c : 0;
            out.sumsRow = p.cRow;
        }
        out.old = grouped ? !first : last && p.accumulate && !p.holdsSums();
        out.bias = last && p.bias != 0 ? p.bias + 4 * j : 0;
        boolean scaled = (last || grouped) && p.columnScale != 0;
        long factors = grouped ? k / p.group * p.n + j : j;
        out.columnScale = scaled ? p.columnScale + 4 * factors : 0;
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

    /// The packed blocks of A and B, and the sums between depth blocks.
    private static final class Packed {
        final Memory a = new Memory();
        final Memory b = new Memory();
        final Memory sums = new Memory();
    }

    /// What one thread owns.
    private static final class Lane {
        final Packed packed = new Packed();
        final Block block;

        Lane(Engine engine) {
            block = new Block(engine);
        }
    }
}
