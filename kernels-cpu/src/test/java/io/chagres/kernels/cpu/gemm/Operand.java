package io.chagres.kernels.cpu.gemm;

import io.chagres.tensor.DType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;

/// A strided matrix, or a batch of them, for tests, in native memory that holds nothing else: with
/// guards that are NaN, so that reading past an edge shows in the results.
final class Operand {
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;
    private static final int GUARD = 40;
    private static final int GUARD_INT = 1_987_654_321;

    final DType type;
    final int rows;
    final int columns;
    final long rowStride;
    final long columnStride;
    final long batchStride;
    private final MemorySegment memory;

    private Operand(
            Arena arena,
            DType type,
            int batch,
            int rows,
            int columns,
            long rowStride,
            long columnStride,
            long batchStride) {
        this.type = type;
        this.rows = rows;
        this.columns = columns;
        this.rowStride = rowStride;
        this.columnStride = columnStride;
        this.batchStride = batchStride;
        long elements =
                (batch - 1) * batchStride
                        + Math.max(0, rows - 1) * rowStride
                        + Math.max(0, columns - 1) * columnStride
                        + 1;
        memory = arena.allocate((elements + 2 * GUARD) * type.bytes(), 64);
        for (long i = 0; i < elements + 2 * GUARD; i++) {
            write(i, guard());
        }
    }

    /// What lies around and between the elements: NaN, or a whole number that is not zero.
    private double guard() {
        return switch (type) {
            case I8 -> 77;
            case I32 -> GUARD_INT;
            default -> Double.NaN;
        };
    }

    /// Random numbers in [-1, 1), in a layout that `random` picks: by rows or by columns, dense or
    /// with gaps, or with no stride of 1 at all.
    static Operand random(
            Arena arena,
            DType type,
            int batch,
            int rows,
            int columns,
            boolean same,
            Random random) {
        int gap = random.nextBoolean() ? 0 : random.nextInt(1, 20);
        long row;
        long column;
        switch (random.nextInt(5)) {
            case 0, 1 -> {
                column = 1;
                row = columns + gap;
            }
            case 2, 3 -> {
                row = 1;
                column = rows + gap;
            }
            default -> {
                column = 3;
                row = 3L * columns + gap;
            }
        }
        long extent = Math.max(rows * row, columns * column);
        Operand o = new Operand(arena, type, batch, rows, columns, row, column, same ? 0 : extent);
        o.fill(random, batch);
        return o;
    }

    /// A matrix by rows, dense.
    static Operand dense(Arena arena, DType type, int rows, int columns, Random random) {
        return dense(arena, type, rows, columns, columns, 1, random);
    }

    /// A matrix by columns, dense: the transpose of one by rows.
    static Operand transposed(Arena arena, DType type, int rows, int columns, Random random) {
        return dense(arena, type, rows, columns, 1, rows, random);
    }

    private static Operand dense(
            Arena arena, DType type, int rows, int columns, long row, long column, Random random) {
        Operand o = new Operand(arena, type, 1, rows, columns, row, column, 0);
        o.fill(random, 1);
        return o;
    }

    /// A result by rows, `gap` elements apart.
    static Operand result(
            Arena arena, DType type, int batch, int rows, int columns, int gap, Random random) {
        long row = columns + gap;
        Operand o = new Operand(arena, type, batch, rows, columns, row, 1, rows * row + gap);
        o.fill(random, batch);
        return o;
    }

    private void fill(Random random, int batch) {
        for (int item = 0; item < (batchStride == 0 ? 1 : batch); item++) {
            for (int i = 0; i < rows; i++) {
                for (int j = 0; j < columns; j++) {
                    write(index(item, i, j), number(random));
                }
            }
        }
    }

    private double number(Random random) {
        return switch (type) {
            case I8 -> random.nextInt(-128, 128);
            case I32 -> random.nextInt(-1000, 1000);
            default -> random.nextDouble() * 2 - 1;
        };
    }

    long address() {
        return memory.address() + (long) GUARD * type.bytes();
    }

    double get(int item, int row, int column) {
        return read(index(item, row, column));
    }

    private double read(long i) {
        return switch (type) {
            case F64 -> memory.getAtIndex(ValueLayout.JAVA_DOUBLE, i);
            case BF16 -> Float.intBitsToFloat(memory.getAtIndex(SHORT, i) << 16);
            case F16 -> Float.float16ToFloat(memory.getAtIndex(SHORT, i));
            case I8 -> memory.get(ValueLayout.JAVA_BYTE, i);
            case I32 -> memory.getAtIndex(ValueLayout.JAVA_INT, i);
            default -> memory.getAtIndex(ValueLayout.JAVA_FLOAT, i);
        };
    }

    void set(int row, int column, double value) {
        write(index(0, row, column), value);
    }

    /// The bits of every element in memory, guards and gaps included.
    byte[] bits() {
        return memory.toArray(ValueLayout.JAVA_BYTE);
    }

    /// How many elements of memory are not guards: as many as the matrices have.
    long numbers() {
        long count = 0;
        long elements = memory.byteSize() / type.bytes();
        for (long i = 0; i < elements; i++) {
            double value = read(i);
            count += Double.isNaN(value) || value == GUARD_INT ? 0 : 1;
        }
        return count;
    }

    private long index(int item, int row, int column) {
        return GUARD + item * batchStride + row * rowStride + column * columnStride;
    }

    private void write(long i, double value) {
        switch (type) {
            case F64 -> memory.setAtIndex(ValueLayout.JAVA_DOUBLE, i, value);
            case BF16 ->
                    memory.setAtIndex(
                            SHORT, i, (short) (Float.floatToRawIntBits((float) value) >>> 16));
            case F16 -> memory.setAtIndex(SHORT, i, Float.floatToFloat16((float) value));
            case I8 -> memory.set(ValueLayout.JAVA_BYTE, i, (byte) value);
            case I32 -> memory.setAtIndex(ValueLayout.JAVA_INT, i, (int) value);
            default -> memory.setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) value);
        }
    }
}
