package io.chagres.kernels.cpu.reference;

import io.chagres.tensor.Layout;
import io.chagres.tensor.Shape;
import java.util.Arrays;

/// Primitives that look elements up by index. An index outside its axis is an error before anything
/// is read or written by it.
final class Indexing {
    private Indexing() {}

    static void gather(int axis, Cells x, Cells index, Cells y) {
        long size = x.shape().dim(axis);
        long[] at = new long[Math.toIntExact(index.shape().dim(axis))];
        AxisWalk.forEach(
                axis,
                (lane, step) -> {
                    index.load(lane[1], step[1], at.length, at);
                    for (int i = 0; i < at.length; i++) {
                        check("gather", at[i], size);
                        y.bits(lane[2] + i * step[2], x.bits(lane[0] + at[i] * step[0]));
                    }
                },
                x,
                index,
                y);
    }

    static void scatterAdd(int axis, Cells x, Cells index, Cells y) {
        int size = Math.toIntExact(y.shape().dim(axis));
        long[] at = new long[Math.toIntExact(index.shape().dim(axis))];
        Accumulator sums = new Accumulator(x, size);
        AxisWalk.forEach(
                axis,
                (lane, step) -> {
                    index.load(lane[1], step[1], at.length, at);
                    sums.clear();
                    for (int i = 0; i < at.length; i++) {
                        check("scatterAdd", at[i], size);
                        sums.add(x, lane[0] + i * step[0], 0, 1, at[i], 0);
                    }
                    sums.store(y, lane[2], step[2], size);
                },
                x,
                index,
                y);
    }

    static void indexSelect(Cells table, Cells index, Cells y) {
        long[] rows = indices("indexSelect", index, table.shape().dim(0));
        long[] strides = table.layout().strides();
        Shape row = table.shape().without(0);
        Walk walk =
                new Walk(
                        row,
                        Arrays.copyOfRange(strides, 1, strides.length),
                        Layout.contiguous(row).strides());
        for (int i = 0; i < rows.length; i++) {
            walk.run(
                    (at, step, n) -> y.copy(at[1], step[1], n, table, at[0], step[0]),
                    rows[i] * strides[0],
                    i * row.size());
        }
    }

    static void indexAdd(Cells x, Cells index, Cells y) {
        int size = Math.toIntExact(y.shape().dim(0));
        long[] rows = indices("indexAdd", index, size);
        int[] start = new int[size + 1];
        int[] order = byRow(rows, start);
        Shape row = y.shape().without(0);
        int rank = index.shape().rank();
        long[] strides = x.layout().strides();
        Layout outer = Layout.of(index.shape(), Arrays.copyOf(strides, rank), 0);
        Walk walk =
                new Walk(
                        row,
                        Arrays.copyOfRange(strides, rank, strides.length),
                        Layout.contiguous(row).strides());
        Accumulator sums = new Accumulator(x, row.size());
        for (int r = 0; r < size; r++) {
            sums.clear();
            for (int i = start[r]; i < start[r + 1]; i++) {
                walk.run(
                        (at, step, n) -> sums.add(x, at[0], step[0], n, at[1], step[1]),
                        outer.index(order[i]),
                        0);
            }
            sums.store(y, r * row.size(), 1, Math.toIntExact(row.size()));
        }
    }

    /// Positions sorted by the row they name, equal ones in their order; those of row r come to
    /// stand from `start[r]` to `start[r + 1]`.
    private static int[] byRow(long[] rows, int[] start) {
        for (long r : rows) {
            start[(int) r + 1]++;
        }
        for (int r = 1; r < start.length; r++) {
            start[r] += start[r - 1];
        }
        int[] next = start.clone();
        int[] order = new int[rows.length];
        for (int i = 0; i < rows.length; i++) {
            order[next[(int) rows[i]]++] = i;
        }
        return order;
    }

    private static long[] indices(String op, Cells index, long size) {
        long[] all = new long[Math.toIntExact(index.size())];
        long[] run = new long[Walk.CHUNK];
        new Walk(
                        index.shape(),
                        index.layout().strides(),
                        Layout.contiguous(index.shape()).strides())
                .run((at, step, n) -> {
                    index.load(at[0], step[0], n, run);
                    System.arraycopy(run, 0, all, (int) at[1], n);
                });
        for (long i : all) {
            check(op, i, size);
        }
        return all;
    }

    private static void check(String op, long index, long size) {
        if (index < 0 || index >= size) {
            throw new IndexOutOfBoundsException(
                    op + ": index " + index + " is outside an axis of size " + size);
        }
    }
}
