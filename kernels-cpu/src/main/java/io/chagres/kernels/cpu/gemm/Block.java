package io.chagres.kernels.cpu.gemm;

import io.chagres.tensor.DType;

/// A block of a product: `rows` × `columns` of C and `depth` lanes along k. Strides are in bytes.
final class Block {
    private final Memory scratch = new Memory();
    Engine engine;

    /// What becomes of the sums, for this block's element (0, 0).
    final Output out = new Output();

    DType aType = DType.F32;
    long aRow;
    long aStep;
    DType bType = DType.F32;
    long bStep;
    long bColumn;

    /// Whether A, or B where the engine can ([#readsPanel]), is read where it lies instead of being
    /// packed.
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

    /// Packs A's panels, and B's if they are `fresh`, and computes the tiles.
    void compute(boolean fresh) {
        long temporary = scratch.reserve(engine.scratchBytes(depth));
        int panels = Math.ceilDiv(columns, Tiling.COLUMNS);
        if (fresh) {
            int read = 0;
            if (readB) {
                read = engine.readsParts ? panels : columns / Tiling.COLUMNS;
            }
            if (read < panels) {
                engine.packColumns(this, read, panels - read, temporary);
            }
        }
        if (!readA) {
            engine.packRows(this, 0, Math.ceilDiv(rows, Tiling.ROWS), temporary);
        }
        for (int panel = 0; panel < panels; panel++) {
            engine.columnPanel(this, panel, temporary);
        }
    }

    /// Whether a panel of B with `count` columns is read where it lies.
    boolean readsPanel(int count) {
        return readB && (count == Tiling.COLUMNS || engine.readsParts);
    }

    /// Address of a panel of B with `count` columns, packed or as it lies.
    long panelOfB(int panel, int count) {
        return readsPanel(count)
                ? b + 4L * panel * Tiling.COLUMNS
                : packedB + panel * Tiling.columnPanelBytes(depth);
    }

    /// Bytes between the rows of such a panel.
    long stepOfB(int count) {
        return readsPanel(count) ? bStep : 4L * Tiling.COLUMNS;
    }

    /// Address of a lane row that an engine may keep for each panel of B, behind all of them.
    long extraOfB(int panel) {
        long panels = Math.ceilDiv(columns, Tiling.COLUMNS);
        return packedB + panels * Tiling.columnPanelBytes(depth) + 4L * Tiling.COLUMNS * panel;
    }
}
