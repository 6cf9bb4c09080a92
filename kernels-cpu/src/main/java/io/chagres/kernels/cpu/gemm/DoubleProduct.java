package io.chagres.kernels.cpu.gemm;

import static io.chagres.kernels.cpu.vector.Lanes.ALL;
import static io.chagres.kernels.cpu.vector.Lanes.DOUBLE;

import io.chagres.kernels.cpu.pool.Args;
import io.chagres.kernels.cpu.pool.WorkerPool;

/// Products in double precision: a panel of B is packed over the whole depth, and blocks of A's
/// rows are multiplied with it as they lie. Simple rather than fast; it serves the checking of
/// gradients.
final class DoubleProduct implements WorkerPool.Body {
    private static final int ROW_BLOCK = 64;

    /// Products that a thread takes at a time, at least.
    private static final double UNIT = 65_536;

    private static final long TILE_BYTES = 8L * DoubleKernel.ROWS * DoubleKernel.COLUMNS;

    private final Problem p;
    private final Memory[] scratch;
    private int panels;
    private int rowBlocks;

    DoubleProduct(Problem problem, int threads) {
        p = problem;
        scratch = new Memory[threads];
        for (int i = 0; i < threads; i++) {
            scratch[i] = new Memory();
        }
    }

    /// Computes the problem.
    void run(WorkerPool pool) {
        panels = Math.ceilDiv(p.n, DoubleKernel.COLUMNS);
        rowBlocks = Math.ceilDiv(p.m, ROW_BLOCK);
        long units = (long) panels * rowBlocks * p.batch;
        long grain = (long) Math.max(1, UNIT * units / p.work());
        pool.forRange(units, grain, WorkerPool.args(), this);
    }

    /// Computes blocks of rows of panels of columns.
    @Override
    public void run(Args unused, long from, long to, int worker) {
        long tile = scratch[worker].reserve(TILE_BYTES + 8L * DoubleKernel.COLUMNS * p.k);
        long panel = tile + TILE_BYTES;
        long packed = -1;
        for (long unit = from; unit < to; unit++) {
            long item = unit / rowBlocks / panels;
            int column = (int) (unit / rowBlocks % panels) * DoubleKernel.COLUMNS;
            int columns = Math.min(DoubleKernel.COLUMNS, p.n - column);
            if (packed != unit / rowBlocks) {
                packed = unit / rowBlocks;
                pack(p.b + item * p.bBatch + column * p.bColumn, columns, panel);
            }
            int row = (int) (unit % rowBlocks) * ROW_BLOCK;
            int end = Math.min(p.m, row + ROW_BLOCK);
            for (; row < end; row += DoubleKernel.ROWS) {
                int rows = Math.min(DoubleKernel.ROWS, end - row);
                DoubleKernel.run(
                        p.a + item * p.aBatch + row * p.aRow,
                        Math.min(1, rows - 1) * p.aRow,
                        Math.min(2, rows - 1) * p.aRow,
                        Math.min(3, rows - 1) * p.aRow,
                        p.aStep,
                        panel,
                        p.k,
                        tile);
                long c = p.c + item * p.cBatch + row * p.cRow + 8L * column;
                long bias = p.bias == 0 ? 0 : p.bias + 8L * column;
                finish(tile, c, rows, columns, bias);
            }
        }
    }

    private void pack(long source, int columns, long panel) {
        for (int k = 0; k < p.k; k++) {
            long row = panel + 8L * DoubleKernel.COLUMNS * k;
            for (int j = 0; j < columns; j++) {
                double value = ALL.get(DOUBLE, source + k * p.bStep + j * p.bColumn);
                ALL.set(DOUBLE, row + 8L * j, value);
            }
        }
    }

    private void finish(long tile, long c, int rows, int columns, long bias) {
        for (int i = 0; i < rows; i++) {
            for (int j = 0; j < columns; j++) {
                long to = c + i * p.cRow + 8L * j;
                double value = ALL.get(DOUBLE, tile + 8L * (i * DoubleKernel.COLUMNS + j));
                if (p.accumulate) {
                    value = ALL.get(DOUBLE, to) + value;
                }
                if (bias != 0) {
                    value += ALL.get(DOUBLE, bias + 8L * j);
                }
                ALL.set(DOUBLE, to, value);
            }
        }
    }
}
