package io.chagres.kernels.cpu.gemm;

import static io.chagres.kernels.cpu.vector.Lanes.ALL;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.chagres.kernels.cpu.machine.Assembler;
import io.chagres.kernels.cpu.machine.MachineCode;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Packs panels of A, or of B, of one [Format] by machine code ([PackCode]), from a source whose
/// elements are of that format already.
final class MachinePack {
    private static final int SQUARE = 16;


    private final Format format;
    private final boolean isA;
    private final int width;
    private final MethodHandle routine =
            MachineCode.caller(
                    FunctionDescriptor.ofVoid(
                            JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG));
    private final @Nullable MemorySegment[] transposes = new MemorySegment[SQUARE + 1];
    private @Nullable MemorySegment rows;
    private @Nullable MemorySegment fourPanels;

    MachinePack(Format format, boolean isA) {
        this.format = format;
        this.isA = isA;
        width = isA ? Tiling.ROWS : Tiling.COLUMNS;
    }

    /// Packs `count` columns (`across` bytes apart) of `elements` (`along` bytes apart) into as many
    /// panels as it takes, as [Pack#panels] does for floats.
    void panels(
            long source,
            long across,
            long along,
            int count,
            int elements,
            long panel,
            long panelBytes) {
        int i = 0;
        boolean byRows = across == format.bytes();
        if (byRows && format == Format.F32) {
            for (; i + Pack.TOGETHER * width <= count; i += Pack.TOGETHER * width) {
                call(fourPanels(), source + 4L * i, along, elements, panel, panelBytes);
                panel += Pack.TOGETHER * panelBytes;
            }
        }
        for (; i < count; i += width) {
            int columns = Math.min(width, count - i);
            long from = source + i * across;
            if (byRows) {
                call(rows(), from, along, elements, panel, (1L << columns) - 1);
            } else if (along == format.bytes()) {
                for (int c = 0; c < columns; c += SQUARE) {
                    int taken = Math.min(SQUARE, columns - c);
                    long at = from + c * across;
                    call(transpose(taken), at, across, elements, panel + 4L * c, 0);
                }
            } else {
                gather(from, across, along, columns, elements, panel);
            }
            panel += panelBytes;
        }
    }

    /// Element by element, from any strides.
    private void gather(
            long source, long across, long along, int columns, int elements, long panel) {
        int perLane = format.perLane;
        int shift = isA && format == Format.I8 ? 0x80 : 0;
        for (int k = 0; k < elements; k += perLane) {
            long lane = panel + 4L * (k / perLane) * width;
            int present = Math.min(perLane, elements - k);
            for (int i = 0; i < columns; i++) {
                long from = source + i * across + k * along;
                int bits = 0;
                for (int e = 0; e < present; e++) {
                    bits |= element(from + e * along, shift) << (e * 8 * format.bytes());
                }
                ALL.set(ValueLayout.JAVA_INT_UNALIGNED, lane + 4L * i, bits);
            }
        }
    }

    private int element(long address, int shift) {
        return switch (format) {
            case F32 -> ALL.get(ValueLayout.JAVA_INT_UNALIGNED, address);
            case BF16 -> ALL.get(ValueLayout.JAVA_SHORT_UNALIGNED, address) & 0xffff;
            case I8 -> (ALL.get(ValueLayout.JAVA_BYTE, address) ^ shift) & 0xff;
        };
    }

    private void call(MemorySegment code, long a, long b, long c, long d, long e) {
        try {
            routine.invokeExact(code, a, b, c, d, e);
        } catch (RuntimeException | Error problem) {
            throw problem;
        } catch (Throwable problem) {
            throw new IllegalStateException("packing by machine code", problem);
        }
    }

    private MemorySegment transpose(int count) {
        MemorySegment known = transposes[count];
        if (known == null) {
            known = install("transpose", c -> PackCode.transpose(c, format, isA, count));
            transposes[count] = known;
        }
        return known;
    }

    private MemorySegment rows() {
        MemorySegment known = rows;
        if (known == null) {
            known = install("rows", c -> PackCode.rows(c, format, isA));
            rows = known;
        }
        return known;
    }

    private MemorySegment fourPanels() {
        MemorySegment known = fourPanels;
        if (known == null) {
            known = install("panels", c -> PackCode.fourPanels(c, isA));
            fourPanels = known;
        }
        return known;
    }

    private MemorySegment install(String what, Consumer<Assembler> code) {
        String name = "pack " + format + (isA ? " A " : " B ") + what;
        return MemorySegment.ofAddress(MachineCode.install(name, code));
    }
}
