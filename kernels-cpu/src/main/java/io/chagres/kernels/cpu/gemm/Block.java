package io.chagres.kernels.cpu.gemm;

import io.chagres.kernels.cpu.pool.Team;
import io.chagres.tensor.DType;

/// A block of a product, as one worker sees it: `rows` × `columns` of C and `depth` products each.
/// The team packs it, meets, and computes it. Strides are in bytes.
final class Block {
    private static final int RUNS_PER_WORKER = 3;

    private final Memory scratch = new Memory();
    private final Grid grid = new Grid();

    DType aType = DType.F32;
    long aRow;
    long aStep;
    DType bType = DType.F32;
    long bStep;
    long bColumn;
    long cRow;

    /// Whether A, or B where a panel is whole, is read where it lies instead of being packed.
    boolean readA;

    boolean readB;

    /// Addresses of the first elements, and of the packed panels.
    long a;

    long b;
    long c;
    long packedA;
    long packedB;
    int rows;
    int columns;
    int depth;

    /// Whether the block is added to what C holds, and the bias to add now, or 0.
    boolean add;

    long bias;

    /// Packs what this worker draws of A's panels, and of B's if `freshB`.
    void pack(Team team, int workers, boolean freshB) {
        int firstB = readB ? columns / Tiling.COLUMNS : 0;
        int panelsB = freshB ? Math.ceilDiv(columns, Tiling.COLUMNS) - firstB : 0;
        int panelsA = readA ? 0 : Math.ceilDiv(rows, Tiling.ROWS);
        if (panelsA + panelsB == 0) {
            return;
        }
        int run =
                panelsA + panelsB >= RUNS_PER_WORKER * workers * Pack.TOGETHER ? Pack.TOGETHER : 1;
        int runsB = Math.ceilDiv(panelsB, run);
        int runs = runsB + Math.ceilDiv(panelsA, run);
        long temporary = scratch.reserve(scratchBytes()) + Tile.BYTES;
        for (long t = team.next(); t < runs; t = team.next()) {
            if (t < runsB) {
                packColumns(firstB + (int) t * run, run, temporary);
            } else {
                packRows(((int) t - runsB) * run, run, temporary);
            }
        }
        team.barrier();
    }

    /// Computes the rectangles that this worker draws.
    void compute(Team team, int workers) {
        int rowPanels = Math.ceilDiv(rows, Tiling.ROWS);
        int columnPanels = Math.ceilDiv(columns, Tiling.COLUMNS);
        grid.divide(rowPanels, columnPanels, workers);
        int parts = grid.rowParts * grid.columnParts;
        long tile = scratch.reserve(scratchBytes());
        for (long t = team.next(); t < parts; t = team.next()) {
            long r = t / grid.columnParts;
            long s = t % grid.columnParts;
            int firstRow = (int) (r * rowPanels / grid.rowParts) * Tiling.ROWS;
            int endRow = (int) ((r + 1) * rowPanels / grid.rowParts) * Tiling.ROWS;
            int first = (int) (s * columnPanels / grid.columnParts);
            int end = (int) ((s + 1) * columnPanels / grid.columnParts);
            for (int panel = first; panel < end; panel++) {
                columnPanel(panel, firstRow, Math.min(endRow, rows), tile);
            }
        }
        team.barrier();
    }

    private long scratchBytes() {
        return Tile.BYTES + Pack.scratchBytes(Tiling.COLUMNS, depth);
    }

    private void packColumns(int panel, int panels, long temporary) {
        int first = panel * Tiling.COLUMNS;
        Pack.panels(
                bType,
                b + first * bColumn,
                bColumn,
                bStep,
                Math.min(panels * Tiling.COLUMNS, columns - first),
                depth,
                packedB + panel * Tiling.columnPanelBytes(depth),
                Tiling.COLUMNS,
                Tiling.columnPanelBytes(depth),
                temporary);
    }

    private void packRows(int panel, int panels, long temporary) {
        int first = panel * Tiling.ROWS;
        Pack.panels(
                aType,
                a + first * aRow,
                aRow,
                aStep,
                Math.min(panels * Tiling.ROWS, rows - first),
                depth,
                packedA + panel * Tiling.rowPanelBytes(depth),
                Tiling.ROWS,
                Tiling.rowPanelBytes(depth),
                temporary);
    }

    /// Computes the tiles of one panel of B and the rows from `row` to `endRow - 1`.
    private void columnPanel(int panel, int row, int endRow, long tile) {
        int first = panel * Tiling.COLUMNS;
        int count = Math.min(Tiling.COLUMNS, columns - first);
        boolean inPlace = readB && count == Tiling.COLUMNS;
        long panelB = inPlace ? b + 4L * first : packedB + panel * Tiling.columnPanelBytes(depth);
        long step = inPlace ? bStep : 4L * Tiling.COLUMNS;
        boolean straight = count == Tiling.COLUMNS && !add && bias == 0;
        long panelA = packedA + row / Tiling.ROWS * Tiling.rowPanelBytes(depth);
        long target = c + row * cRow + 4L * first;
        long panelBias = bias == 0 ? 0 : bias + 4L * first;
        while (row < endRow) {
            int left = endRow - row;
            int taken = readA ? MicroKernel.stridedRows(left) : Math.min(Tiling.ROWS, left);
            boolean toC = straight && (readA || MicroKernel.rowsWritten(taken) == taken);
            long out = toC ? target : tile;
            long outRow = toC ? cRow : Tile.ROW;
            if (readA) {
                long at = a + row * aRow;
                MicroKernel.strided(taken, at, (int) aRow, aStep, panelB, step, depth, out, outRow);
            } else {
                MicroKernel.packed(taken, panelA, panelB, step, depth, out, outRow);
            }
            if (!toC) {
                Tile.finish(tile, target, cRow, taken, count, add, panelBias);
            }
            row += taken;
            target += taken * cRow;
            panelA += Tiling.rowPanelBytes(depth);
        }
    }
}
