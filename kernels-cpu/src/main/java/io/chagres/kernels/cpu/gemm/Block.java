package io.chagres.kernels.cpu.gemm;

import io.chagres.kernels.cpu.pool.Team;
import io.chagres.tensor.DType;

/// A block of a product, as one worker sees it: `rows` × `columns` of C and `depth` lanes along k.
/// The team packs it, meets, and computes it. Strides are in bytes.
final class Block {
    private static final int RUNS_PER_WORKER = 3;

    private final Memory scratch = new Memory();
    private final Grid grid = new Grid();
    Engine engine;

    /// What becomes of the sums, for this block's element (0, 0).
    final Output out = new Output();

    DType aType = DType.F32;
    long aRow;
    long aStep;
    DType bType = DType.F32;
    long bStep;
    long bColumn;

    /// Whether A, or B where a panel is whole, is read where it lies instead of being packed.
    boolean readA;

    boolean readB;

    /// Addresses of the first elements, and of the packed panels.
    long a;

    long b;
    long packedA;
    long packedB;
    int rows;
    int columns;
    int depth;

    /// Elements along k; `depth` counts lanes.
    int elements;

    /// Starts with the engine of the first problem.
    Block(Engine engine) {
        this.engine = engine;
    }

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
        long temporary = scratch.reserve(engine.scratchBytes(depth));
        for (long t = team.next(); t < runs; t = team.next()) {
            if (t < runsB) {
                engine.packColumns(this, firstB + (int) t * run, run, temporary);
            } else {
                engine.packRows(this, ((int) t - runsB) * run, run, temporary);
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
        long temporary = scratch.reserve(engine.scratchBytes(depth));
        for (long t = team.next(); t < parts; t = team.next()) {
            long r = t / grid.columnParts;
            long s = t % grid.columnParts;
            int firstRow = (int) (r * rowPanels / grid.rowParts) * Tiling.ROWS;
            int endRow = (int) ((r + 1) * rowPanels / grid.rowParts) * Tiling.ROWS;
            int first = (int) (s * columnPanels / grid.columnParts);
            int end = (int) ((s + 1) * columnPanels / grid.columnParts);
            for (int panel = first; panel < end; panel++) {
                engine.columnPanel(this, panel, firstRow, Math.min(endRow, rows), temporary);
            }
        }
        team.barrier();
    }

    /// Address of a panel of B with `count` columns, packed or as it lies.
    long panelOfB(int panel, int count) {
        return readB && count == Tiling.COLUMNS
                ? b + 4L * panel * Tiling.COLUMNS
                : packedB + panel * Tiling.columnPanelBytes(depth);
    }

    /// Bytes between the rows of such a panel.
    long stepOfB(int count) {
        return readB && count == Tiling.COLUMNS ? bStep : 4L * Tiling.COLUMNS;
    }

    /// Address of a lane row that an engine may keep for each panel of B, behind all of them.
    long extraOfB(int panel) {
        long panels = Math.ceilDiv(columns, Tiling.COLUMNS);
        return packedB + panels * Tiling.columnPanelBytes(depth) + 4L * Tiling.COLUMNS * panel;
    }
}
