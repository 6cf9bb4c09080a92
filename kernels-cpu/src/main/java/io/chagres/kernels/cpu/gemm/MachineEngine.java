package io.chagres.kernels.cpu.gemm;

import static io.chagres.kernels.cpu.vector.Lanes.BITS;

import io.chagres.kernels.cpu.machine.Feature;
import io.chagres.kernels.cpu.machine.MachineCode;
import io.chagres.kernels.cpu.machine.Routine;
import io.chagres.tensor.DType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/// Panels multiplied by machine code ([TileCode]), which is assembled for a number of rows when it
/// is first needed.
final class MachineEngine extends Engine {
    /// Offsets of constants in memory: 16 times -1 and 16 zeros, from which masks for 256 bits are
    /// cut; zeros for 32 columns; four bytes of 128.
    private static final int MASKS = 0;

    private static final int MASK_COLUMNS = 16;
    private static final int ZEROS = 128;
    private static final int ALL_128 = 256;
    private static final int CONSTANTS_BYTES = 320;

    private final boolean wide = BITS == 512;
    private final @Nullable Routine[] kernels = new Routine[16 * (Tiling.ROWS + 1)];
    private final MemorySegment constants = Arena.ofAuto().allocate(CONSTANTS_BYTES, 64);
    private final @Nullable MachinePack packA;
    private final @Nullable MachinePack packB;

    private MachineEngine(Format format) {
        super(format, format == Format.F32 && BITS == 512);
        for (int i = 0; i < MASK_COLUMNS; i++) {
            constants.setAtIndex(ValueLayout.JAVA_INT, i, -1);
        }
        constants.set(ValueLayout.JAVA_INT, ALL_128, 0x80808080);
        packA = wide ? new MachinePack(format, true) : null;
        packB = wide ? new MachinePack(format, false) : null;
    }

    /// The engine for a format, or nothing where the processor or the chosen vector width has none.
    static @Nullable Engine create(Format format) {
        boolean wide = BITS == 512 && MachineCode.has(Feature.AVX512);
        boolean possible =
                switch (format) {
                    case F32 -> wide || (BITS == 256 && MachineCode.has(Feature.AVX2));
                    case BF16 -> wide && MachineCode.has(Feature.AVX512_BF16);
                    case I8 -> wide && MachineCode.has(Feature.AVX512_VNNI);
                };
        return possible ? new MachineEngine(format) : null;
    }

    @Override
    long scratchBytes(int depth) {
        return Parameters.BYTES + Pack.scratchBytes(Tiling.COLUMNS, depth);
    }

    @Override
    void packColumns(Block block, int panel, int panels, long scratch) {
        int first = panel * Tiling.COLUMNS;
        int count = Math.min(panels * Tiling.COLUMNS, block.columns - first);
        long source = block.b + first * block.bColumn;
        long target = block.packedB + panel * Tiling.columnPanelBytes(block.depth);
        long panelBytes = Tiling.columnPanelBytes(block.depth);
        if (packB == null || (format == Format.F32 && block.bType != DType.F32)) {
            Pack.panels(
                    block.bType,
                    source,
                    block.bColumn,
                    block.bStep,
                    count,
                    block.depth,
                    target,
                    Tiling.COLUMNS,
                    panelBytes,
                    scratch);
            return;
        }
        packB.panels(source, block.bColumn, block.bStep, count, block.elements, target, panelBytes);
        if (format == Format.I8) {
            for (int i = panel; i * Tiling.COLUMNS < first + count; i++) {
                correction(block, i, scratch);
            }
        }
    }

    /// 128 times the sums of a packed panel's columns, by a kernel whose A is 128 everywhere.
    private void correction(Block block, int panel, long parameters) {
        Parameters.put(parameters, Parameters.A, constants.address() + ALL_128);
        Parameters.put(parameters, Parameters.A_ROW, 0);
        Parameters.put(parameters, Parameters.A_STEP, 0);
        Parameters.put(
                parameters,
                Parameters.B,
                block.packedB + panel * Tiling.columnPanelBytes(block.depth));
        Parameters.put(parameters, Parameters.B_STEP, 4L * Tiling.COLUMNS);
        Parameters.put(parameters, Parameters.DEPTH, block.depth);
        Parameters.put(parameters, Parameters.SUMS, 0);
        Parameters.put(parameters, Parameters.C, block.extraOfB(panel));
        Parameters.put(parameters, Parameters.BIAS, 0);
        Parameters.put(parameters, Parameters.CORRECTION, constants.address() + ZEROS);
        Parameters.put(parameters, Parameters.STORE, Parameters.STORE_WHOLE);
        kernel(1, 4, true, false).call(parameters);
    }

    @Override
    void packRows(Block block, int panel, int panels, long scratch) {
        int first = panel * Tiling.ROWS;
        int count = Math.min(panels * Tiling.ROWS, block.rows - first);
        long source = block.a + first * block.aRow;
        long target = block.packedA + panel * Tiling.rowPanelBytes(block.depth);
        long panelBytes = Tiling.rowPanelBytes(block.depth);
        if (packA == null || (format == Format.F32 && block.aType != DType.F32)) {
            Pack.panels(
                    block.aType,
                    source,
                    block.aRow,
                    block.aStep,
                    count,
                    block.depth,
                    target,
                    Tiling.ROWS,
                    panelBytes,
                    scratch);
            return;
        }
        packA.panels(source, block.aRow, block.aStep, count, block.elements, target, panelBytes);
    }

    @Override
    void columnPanel(Block block, int panel, long parameters) {
        int first = panel * Tiling.COLUMNS;
        int count = Math.min(Tiling.COLUMNS, block.columns - first);
        int quarters = quarters(count);
        boolean whole = 4 * count == quarters * Tiling.COLUMNS;
        boolean readPart = block.readsPanel(count) && !whole;
        Output out = block.out;
        long rowPanel = Tiling.rowPanelBytes(block.depth);
        long a = block.packedA;
        if (block.readA) {
            a = block.a;
            Parameters.put(parameters, Parameters.A_ROW, block.aRow);
            Parameters.put(parameters, Parameters.A_STEP, block.aStep);
        }
        Parameters.put(parameters, Parameters.B, block.panelOfB(panel, count));
        Parameters.put(parameters, Parameters.B_STEP, block.stepOfB(count));
        Parameters.put(parameters, Parameters.DEPTH, block.depth);
        Parameters.put(parameters, Parameters.SUMS_ROW, out.sumsRow);
        Parameters.put(parameters, Parameters.C_ROW, out.row);
        Parameters.put(parameters, Parameters.BIAS, out.bias == 0 ? 0 : out.bias + 4L * first);
        Parameters.put(parameters, Parameters.STORE, store(out, whole));
        Parameters.put(parameters, Parameters.MASK, mask(count));
        Parameters.put(parameters, Parameters.OLD, out.old ? 1 : 0);
        if (format == Format.I8) {
            long scale = out.columnScale == 0 ? 0 : out.columnScale + 4L * first;
            Parameters.put(parameters, Parameters.COLUMN_SCALE, scale);
            Parameters.put(parameters, Parameters.CORRECTION, block.extraOfB(panel));
        }
        int row = 0;
        while (row < block.rows) {
            int left = block.rows - row;
            int taken =
                    block.readA
                            ? Math.ceilDiv(left, Math.ceilDiv(left, Tiling.ROWS))
                            : Math.min(Tiling.ROWS, left);
            long sums = out.sums == 0 ? 0 : out.sums + row * out.sumsRow + 4L * first;
            Parameters.put(parameters, Parameters.A, a);
            Parameters.put(parameters, Parameters.C, out.address(row, first));
            Parameters.put(parameters, Parameters.SUMS, sums);
            Parameters.put(parameters, Parameters.ROW_SCALE, out.rowScale + 4L * row);
            kernel(taken, quarters, block.readA, readPart).call(parameters);
            row += taken;
            a += block.readA ? taken * block.aRow : rowPanel;
        }
    }

    private static long store(Output out, boolean whole) {
        if (out.type == DType.BF16) {
            return Parameters.STORE_BF16;
        }
        return whole && out.columnScale == 0 ? Parameters.STORE_WHOLE : Parameters.STORE_MASKED;
    }

    private long mask(int count) {
        return wide ? (1L << count) - 1 : constants.address() + MASKS + 4L * (MASK_COLUMNS - count);
    }

    /// Quarters of a panel that hold `count` columns; halves, where vectors cannot be split.
    private int quarters(int count) {
        if (wide && format == Format.F32) {
            return Math.ceilDiv(4 * count, Tiling.COLUMNS);
        }
        return 2 * count <= Tiling.COLUMNS ? 2 : 4;
    }

    /// The kernel of a kind. Two threads may both make it, and either will do.
    private Routine kernel(int rows, int quarters, boolean readA, boolean readPart) {
        int index = 16 * rows + 4 * (quarters - 1) + (readA ? 2 : 0) + (readPart ? 1 : 0);
        Routine kernel = kernels[index];
        if (kernel == null) {
            TileCode.Kind kind = new TileCode.Kind(rows, quarters, readA, readPart);
            kernel =
                    new Routine(
                            "gemm %s %s".formatted(format, kind),
                            c -> TileCode.assemble(c, BITS, format, kind));
            kernels[index] = kernel;
        }
        return kernel;
    }
}
