package io.chagres.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// Rows of text under titles, for people or for Markdown files. Columns whose first row is a number
/// are aligned to the right.
public final class Table {
    private final List<String[]> rows = new ArrayList<>();
    private final int columns;

    /// A table without rows.
    public Table(String... titles) {
        columns = titles.length;
        rows.add(titles.clone());
    }

    /// Adds a row.
    ///
    /// @throws IllegalArgumentException when it has not one cell for each title
    public Table add(String... cells) {
        if (cells.length != columns) {
            throw new IllegalArgumentException(cells.length + " cells for " + columns + " columns");
        }
        rows.add(cells.clone());
        return this;
    }

    /// Whether there is no row.
    public boolean isEmpty() {
        return rows.size() == 1;
    }

    /// A number with about four digits: `0.0123`, `1.234`, `123.4`, `12,345`.
    public static String number(double x) {
        double size = Math.abs(x);
        String format = size >= 1000 ? "%,.0f" : size >= 100 ? "%.1f" : size >= 1 ? "%.2f" : "%.4f";
        return String.format(Locale.ROOT, format, x);
    }

    /// Lines in which columns stand below each other; Markdown's bars are added on demand.
    public String toString(boolean markdown) {
        int[] widths = new int[columns];
        for (String[] row : rows) {
            for (int i = 0; i < columns; i++) {
                widths[i] = Math.max(widths[i], row[i].length());
            }
        }
        StringBuilder text = new StringBuilder();
        for (int r = 0; r < rows.size(); r++) {
            line(text, rows.get(r), widths, markdown);
            if (r == 0 && markdown) {
                for (int i = 0; i < columns; i++) {
                    text.append(rightAligned(i) ? "|---:" : "|---");
                }
                text.append("|\n");
            }
        }
        return text.toString();
    }

    private void line(StringBuilder text, String[] row, int[] widths, boolean markdown) {
        int start = text.length();
        for (int i = 0; i < columns; i++) {
            String space = " ".repeat(widths[i] - row[i].length());
            String cell = rightAligned(i) ? space + row[i] : row[i] + space;
            text.append(markdown ? "| " : i > 0 ? "  " : "").append(cell);
            text.append(markdown ? " " : "");
        }
        if (markdown) {
            text.append('|');
        }
        String line = text.substring(start).stripTrailing();
        text.setLength(start);
        text.append(line).append('\n');
    }

    private boolean rightAligned(int column) {
        return rows.size() > 1 && rows.get(1)[column].matches("[-+]?[0-9][0-9.,]*%?");
    }
}
