package io.chagres.kernels.cpu.gemm;

/// How a block of C is divided among workers: a grid of rectangles of whole panels, drawn one by
/// one.
///
/// A worker walks through a rectangle with its rows of A in L2, so a rectangle has at most
/// [Tiling#ROW_BLOCK] rows; columns are divided only where that balances better.
final class Grid {
    int rowParts;
    int columnParts;
    private int lastRows;
    private int lastColumns;
    private int lastWorkers;

    /// Chooses the grid with the least work for the busiest worker. The values computed do not
    /// depend on it.
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
        long best = Long.MAX_VALUE;
        for (int columns = 1; columns <= Math.min(columnPanels, 2 * workers); columns++) {
            for (int rounds = 1; rounds <= 4; rounds++) {
                int rows = Math.clamp(rounds * workers / columns, least, rowPanels);
                int turns = Math.ceilDiv(rows * columns, workers);
                long cost =
                        turns
                                * ((long) Math.ceilDiv(rowPanels, rows)
                                                * Math.ceilDiv(columnPanels, columns)
                                                * 64
                                        + Math.ceilDiv(rowPanels, rows)
                                        + Math.ceilDiv(columnPanels, columns));
                if (cost < best) {
                    best = cost;
                    rowParts = rows;
                    columnParts = columns;
                }
            }
        }
    }
}
