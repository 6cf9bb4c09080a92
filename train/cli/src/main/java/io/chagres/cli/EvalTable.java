package io.chagres.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// A table that compares evaluations: a row per figure, a column per model, and how the last
/// differs from the first.
final class EvalTable {
    private static final int MOST_NAME = 24;

    private EvalTable() {}

    /// The lines of a table.
    ///
    /// @param found for each model the same figures
    static List<String> lines(List<Path> models, List<Measured> found) {
        List<List<String>> rows = new ArrayList<>();
        List<String> head = new ArrayList<>(List.of(""));
        models.forEach(model -> head.add(name(model)));
        head.add("change");
        rows.add(head);
        for (int i = 0; i < found.getFirst().figures().size(); i++) {
            Measured.Figure first = found.getFirst().figures().get(i);
            List<String> row = new ArrayList<>(List.of(first.name()));
            for (Measured each : found) {
                row.add(each.figures().get(i).shown());
            }
            double change = found.getLast().figures().get(i).value() / first.value() - 1;
            row.add(Double.isFinite(change) ? Figures.format("%+.1f %%", 100 * change) : "");
            rows.add(row);
        }
        int[] widths = new int[head.size()];
        for (List<String> row : rows) {
            for (int c = 0; c < widths.length; c++) {
                widths[c] = Math.max(widths[c], row.get(c).length());
            }
        }
        return rows.stream().map(row -> line(row, widths)).toList();
    }

    private static String line(List<String> row, int[] widths) {
        var line = new StringBuilder();
        for (int c = 0; c < widths.length; c++) {
            String pad = " ".repeat(widths[c] - row.get(c).length());
            line.append(c == 0 ? row.get(c) + pad : "  " + pad + row.get(c));
        }
        return line.toString().stripTrailing();
    }

    /// The end of a long path.
    private static String name(Path model) {
        String name = model.toString();
        int over = name.length() - MOST_NAME;
        return over > 0 ? "…" + name.substring(over + 1) : name;
    }
}
