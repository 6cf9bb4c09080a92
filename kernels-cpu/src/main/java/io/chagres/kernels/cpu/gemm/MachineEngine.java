package io.chagres.kernels.cpu.gemm;

import static io.chagres.kernels.cpu.vector.Lanes.ALL;
import static io.chagres.kernels.cpu.vector.Lanes.BITS;

import io.chagres.kernels.cpu.machine.Feature;
import io.chagres.kernels.cpu.machine.MachineCode;
import io.chagres.tensor.DType;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import org.jspecify.annotations.Nullable;

/// Panels multiplied by machine code ([TileCode]), which is assembled for a number of rows when it
/// is first needed.
///
/// A tile takes some microseconds, within the bounds of what may keep a garbage collection waiting
/// (see [MachineCode#assemble]).
final class MachineEngine extends Engine {
    /// Columns of a mask in memory: as many -1 as columns exist, then zeros.
    private static final int MASK_COLUMNS = 16;

    private final boolean wide = BITS == 512;
    private final MethodHandle kernel;
    private final @Nullable MemorySegment[] packed = new MemorySegment[Tiling.ROWS + 1];
    private final @Nullable MemorySegment[] strided = new MemorySegment[Tiling.ROWS + 1];
    private final MemorySegment masks = Arena.ofAuto().allocate(8 * MASK_COLUMNS, 64);

    private MachineEngine(Format format) {
        super(format);
        kernel = MachineCode.caller(FunctionDescriptor.ofVoid(ValueLayout.JAVA_LONG));
        for (int i = 0; i < MASK_COLUMNS; i++) {
            masks.setAtIndex(ValueLayout.JAVA_INT, i, -1);
        }
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
    void columnPanel(Block block, int panel, int row, int endRow, long parameters) {
        int first = panel * Tiling.COLUMNS;
        int count = Math.min(Tiling.COLUMNS, block.columns - first);
        Output out = block.out;
        long rowPanel = Tiling.rowPanelBytes(block.depth);
        long a = block.packedA + row / Tiling.ROWS * rowPanel;
        if (block.readA) {
            a = block.a + row * block.aRow;
            rowPanel = Tiling.ROWS * block.aRow;
            Parameters.put(parameters, Parameters.A_ROW, block.aRow);
            Parameters.put(parameters, Parameters.A_STEP, block.aStep);
        }
        Parameters.put(parameters, Parameters.B, block.panelOfB(panel, count));
        Parameters.put(parameters, Parameters.B_STEP, block.stepOfB(count));
        Parameters.put(parameters, Parameters.DEPTH, block.depth);
        Parameters.put(parameters, Parameters.SUMS_ROW, out.sumsRow);
        Parameters.put(parameters, Parameters.C_ROW, out.row);
        Parameters.put(parameters, Parameters.BIAS, out.bias == 0 ? 0 : out.bias + 4L * first);
        Parameters.put(parameters, Parameters.STORE, store(out, count));
        Parameters.put(parameters, Parameters.MASK, mask(count));
        Parameters.put(parameters, Parameters.OLD, out.old ? 1 : 0);
        while (row < endRow) {
            int taken = Math.min(Tiling.ROWS, endRow - row);
            long sums = out.sums == 0 ? 0 : out.sums + row * out.sumsRow + 4L * first;
            Parameters.put(parameters, Parameters.A, a);
            Parameters.put(parameters, Parameters.C, out.address(row, first));
            Parameters.put(parameters, Parameters.SUMS, sums);
            call(code(taken, block.readA), parameters);
            row += taken;
            a += rowPanel;
        }
    }

    private static long store(Output out, int count) {
        if (out.type == DType.BF16) {
            return Parameters.STORE_BF16;
        }
        boolean whole = count == Tiling.COLUMNS && out.columnScale == 0;
        return whole ? Parameters.STORE_WHOLE : Parameters.STORE_MASKED;
    }

    private long mask(int count) {
        return wide ? (1L << count) - 1 : masks.address() + 4L * (MASK_COLUMNS - count);
    }

    private void call(MemorySegment code, long parameters) {
        try {
            kernel.invokeExact(code, parameters);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException("micro-kernel in machine code", e);
        }
    }

    /// The kernel for so many rows. Two threads may both make it, and either will do.
    private MemorySegment code(int rows, boolean readA) {
        @Nullable MemorySegment[] known = readA ? strided : packed;
        MemorySegment code = known[rows];
        if (code == null) {
            String name = "gemm " + format + " " + rows + (readA ? " strided" : "");
            long address =
                    MachineCode.install(
                            name, c -> TileCode.assemble(c, BITS, format, rows, readA));
            code = MemorySegment.ofAddress(address);
            known[rows] = code;
        }
        return code;
    }
}
