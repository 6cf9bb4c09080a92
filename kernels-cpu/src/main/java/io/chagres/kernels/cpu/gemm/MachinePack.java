package io.chagres.kernels.cpu.gemm;

import static io.chagres.kernels.cpu.vector.Lanes.ALL;

import io.chagres.kernels.cpu.machine.Assembler;
import io.chagres.kernels.cpu.machine.Routine;
import java.lang.foreign.ValueLayout;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Packs panels of A, or of B, of one [Format] by machine code ([PackCode]), from a source whose
/// elements are of that format already.
final class MachinePack {
    private static final int SQUARE = 16;

    private final Format format;
    private final boolean isA;
    private final int width;
    private final @Nullable Routine[] transposes = new Routine[SQUARE + 1];
    private @Nullable Routine rows;
    private @Nullable Routine fourPanels;

    MachinePack(Format format, boolean isA) {
        this.format = format;
        this.isA = isA;
        width = isA ? Tiling.ROWS : Tiling.COLUMNS;
    }

    /// Packs `count` columns (`across` bytes apart) of `elements` (`along` bytes apart) into as
    /// many panels as it takes, as [Pack#panels] does for floats.
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
                fourPanels().call(source + 4L * i, along, elements, panel, panelBytes);
                panel += Pack.TOGETHER * panelBytes;
            }
        }
        for (; i < count; i += width) {
            int columns = Math.min(width, count - i);
            long from = source + i * across;
            if (byRows) {
                rows().call(from, along, elements, panel, (1L << columns) - 1);
            } else if (along == format.bytes()) {
                for (int c = 0; c < columns; c += SQUARE) {
                    int taken = Math.min(SQUARE, columns - c);
                    long at = from + c * across;
                    transpose(taken).call(at, across, elements, panel + 4L * c, 0);
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

    private Routine transpose(int count) {
        Routine known = transposes[count];
        if (known == null) {
            known = install("transpose", c -> PackCode.transpose(c, format, isA, count));
            transposes[count] = known;
        }
        return known;
    }

    private Routine rows() {
        Routine known = rows;
        if (known == null) {
            known = install("rows", c -> PackCode.rows(c, format, isA));
            rows = known;
        }
        return known;
    }

    private Routine fourPanels() {
        Routine known = fourPanels;
        if (known == null) {
            known = install("panels", c -> PackCode.fourPanels(c, isA));
            fourPanels = known;
        }
        return known;
    }

    private Routine install(String what, Consumer<Assembler> code) {
        String name = "pack " + format + (isA ? " A " : " B ") + what;
        return new Routine(name, code);
    }
}
