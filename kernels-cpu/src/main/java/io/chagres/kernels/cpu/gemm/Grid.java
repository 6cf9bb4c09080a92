package io.chagres.kernels.cpu.gemm;

/// How a block of C is divided among workers: a grid of rectangles of whole panels, drawn one by one.
///
/// A worker walks through a rectangle with its rows of A in L2, so a rectangle has at most
/// [Tiling#ROW_BLOCK] rows; columns are divided where that balances better. The values computed do not
/// depend on the grid.
final class Grid {
    /// Rectangles per worker that are tried, at most, in either direction.
    private static final int MOST_ROUNDS = 4;

    private static final int MOST_COLUMN_PARTS = 96;

    int rowParts;
    int columnParts;
    private int lastRows;
    private int lastColumns;
    private int lastWorkers;

    /// Chooses the grid that should be done first.
    void divide(int rowPanels, int columnPanels, int workers) {
        if (rowPanels == lastRows && columnPanels == lastColumns && workers == lastWorkers) {
            return;
        }
        lastRows = rowPanels;
        lastColumns = columnPanels;
        lastWorkers = workers;
        int least = Math.ceilDiv(rowPanels, Tiling.ROW_BLOCK / Tiling.ROWS);
        rowParts = least;
        columnParts = 1;
        if (workers == 1) {
            return;
        }
        int most = Math.min(Math.min(columnPanels, MOST_COLUMN_PARTS), 2 * MOST_ROUNDS * workers);
        long best = Long.MAX_VALUE;
        for (int columns = 1; columns <= most; columns++) {
            for (int rounds = 1; rounds <= MOST_ROUNDS; rounds++) {
                int rows = Math.clamp((long) rounds * workers / columns, least, rowPanels);
                long cost = cost(rowPanels, columnPanels, rows, columns, workers);
                if (cost < best) {
                    best = cost;
                    rowParts = rows;
                    columnParts = columns;
                }
            }
        }
    }

    /// Tiles until the last worker is done, times 16, and one for each rectangle a worker does: if all
    /// do as many, the total divided, and the difference between the largest and the smallest.
    private static long cost(int rowPanels, int columnPanels, int rows, int columns, int workers) {
        int parts = rows * columns;
        int turns = Math.ceilDiv(parts, workers);
        long largest =
                (long) Math.ceilDiv(rowPanels, rows) * Math.ceilDiv(columnPanels, columns);
        if (parts % workers != 0) {
            return 16 * turns * largest + turns;
        }
        long smallest = (long) (rowPanels / rows) * (columnPanels / columns);
        long share = Math.ceilDiv((long) rowPanels * columnPanels, workers);
        return 16 * (share + largest - smallest) + turns;
    }
}
