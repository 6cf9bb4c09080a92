package io.chagres.kernels.cpu.elementwise;

/// How an operand covers a result of `rows` rows of `n` elements.
public enum Broadcast {
    /// One element per result element: [rows, n].
    FULL(true, true),
    /// One row for all rows, such as a bias: [n].
    ROW(false, true),
    /// One element per row: [rows].
    COLUMN(true, false),
    /// One element for all.
    SCALAR(false, false);

    private final boolean alongRows;
    private final boolean alongColumns;

    Broadcast(boolean alongRows, boolean alongColumns) {
        this.alongRows = alongRows;
        this.alongColumns = alongColumns;
    }

    /// Bytes from one row to the next, when rows have `n` floats.
    long rowBytes(long n) {
        return alongRows ? alongColumns ? 4 * n : 4 : 0;
    }

    /// Whether it has one element per column.
    boolean alongColumns() {
        return alongColumns;
    }

    /// The same operand seen as one long row; only where `rows` is 1 or it is FULL or SCALAR.
    Broadcast flat() {
        return alongColumns ? FULL : SCALAR;
    }

    /// Whether [#flat] may be asked for.
    boolean isFlat(long rows) {
        return rows == 1 || alongRows == alongColumns;
    }
}
