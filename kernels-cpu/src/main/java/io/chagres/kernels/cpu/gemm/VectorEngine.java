package io.chagres.kernels.cpu.gemm;

import io.chagres.tensor.DType;

/// Panels of floats, packed and multiplied by the Vector API.
///
/// Bytes are multiplied as floats too: the depth block is at most 1024, so sums of their products
/// stay within 2²⁴ and are exact.
final class VectorEngine extends Engine {
    VectorEngine() {
        super(Format.F32, false);
    }

    @Override
    long scratchBytes(int depth) {
        return Tile.BYTES + Pack.scratchBytes(Tiling.COLUMNS, depth);
    }

    @Override
    void packColumns(Block block, int panel, int panels, long scratch) {
        int first = panel * Tiling.COLUMNS;
        Pack.panels(
                block.bType,
                block.b + first * block.bColumn,
                block.bColumn,
                block.bStep,
                Math.min(panels * Tiling.COLUMNS, block.columns - first),
                block.depth,
                block.packedB + panel * Tiling.columnPanelBytes(block.depth),
                Tiling.COLUMNS,
                Tiling.columnPanelBytes(block.depth),
                scratch);
    }

    @Override
    void packRows(Block block, int panel, int panels, long scratch) {
        int first = panel * Tiling.ROWS;
        Pack.panels(
                block.aType,
                block.a + first * block.aRow,
                block.aRow,
                block.aStep,
                Math.min(panels * Tiling.ROWS, block.rows - first),
                block.depth,
                block.packedA + panel * Tiling.rowPanelBytes(block.depth),
                Tiling.ROWS,
                Tiling.rowPanelBytes(block.depth),
                scratch);
    }

    @Override
    void columnPanel(Block block, int panel, long scratch) {
        int first = panel * Tiling.COLUMNS;
        int count = Math.min(Tiling.COLUMNS, block.columns - first);
        long b = block.panelOfB(panel, count);
        long step = block.stepOfB(count);
        Output out = block.out;
        boolean straight = count == Tiling.COLUMNS && out.isPlain() && out.type == DType.F32;
        long panelA = block.packedA;
        int row = 0;
        while (row < block.rows) {
            int left = block.rows - row;
            int taken = block.readA ? MicroKernel.stridedRows(left) : Math.min(Tiling.ROWS, left);
            boolean toC = straight && (block.readA || MicroKernel.rowsWritten(taken) == taken);
            long target = toC ? out.address(row, first) : scratch;
            long targetRow = toC ? out.row : Tile.ROW;
            if (block.readA) {
                long a = block.a + row * block.aRow;
                MicroKernel.strided(
                        taken,
                        a,
                        (int) block.aRow,
                        block.aStep,
                        b,
                        step,
                        block.depth,
                        target,
                        targetRow);
            } else {
                MicroKernel.packed(taken, panelA, b, step, block.depth, target, targetRow);
            }
            if (!toC) {
                finish(block, scratch, row, first, taken, count);
            }
            row += taken;
            panelA += Tiling.rowPanelBytes(block.depth);
        }
    }

    private static void finish(Block block, long tile, int row, int first, int rows, int count) {
        Output out = block.out;
        boolean inPlace = out.sums == 0 || out.sums == out.c;
        if (block.aType != DType.I8 && out.type == DType.F32 && inPlace) {
            long bias = out.bias == 0 ? 0 : out.bias + 4L * first;
            long c = out.address(row, first);
            Tile.finish(tile, c, out.row, rows, count, out.sums != 0, bias);
        } else {
            for (int i = 0; i < rows; i++) {
                long from = tile + i * Tile.ROW;
                for (int j = 0; j < count; j++) {
                    if (block.aType == DType.I8) {
                        out.finishInteger(from + 4L * j, row + i, first + j);
                    } else {
                        out.finishFloat(from + 4L * j, row + i, first + j);
                    }
                }
            }
        }
    }
}
