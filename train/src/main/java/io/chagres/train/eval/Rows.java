package io.chagres.train.eval;

import io.chagres.tensor.io.Json;
import io.chagres.tensor.io.JsonNode;
import io.chagres.train.data.DataException;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Reads tables: `.jsonl` (an object per line), `.csv` (RFC 4180) and `.tsv` (tabs between values,
/// quotes are not special), in UTF-8.
public final class Rows {
    private static final char QUOTE = '"';

    private Rows() {}

    /// All rows of a file.
    ///
    /// @param wanted fields the caller will ask for: a csv or tsv file has headings if its first
    ///   line has all of these; else its columns are named `1`, `2` and so on
    /// @throws DataException naming file and line when something is wrong
    public static List<Row> read(Path file, List<String> wanted) {
        String name = file.toString().toLowerCase(Locale.ROOT);
        try {
            if (name.endsWith(".jsonl")) {
                return jsonl(file);
            }
            if (name.endsWith(".csv")) {
                return named(file, records(file, Files.readString(file)), wanted);
            }
            if (name.endsWith(".tsv")) {
                List<List<String>> lines = new ArrayList<>();
                for (String line : Files.readAllLines(file)) {
                    lines.add(line.isEmpty() ? List.of() : List.of(line.split("\t", -1)));
                }
                return named(file, lines, wanted);
            }
        } catch (CharacterCodingException e) {
            throw new DataException(file + ": not UTF-8 text", e);
        } catch (NoSuchFileException e) {
            throw new DataException(file + ": no such file", e);
        } catch (IOException e) {
            throw new DataException(file + ": cannot be read: " + e.getMessage(), e);
        }
        throw new DataException(file + ": a table is a .jsonl, .csv or .tsv file");
    }

    private static List<Row> jsonl(Path file) throws IOException {
        List<Row> rows = new ArrayList<>();
        List<String> lines = Files.readAllLines(file);
        for (int i = 0; i < lines.size(); i++) {
            if (!lines.get(i).isBlank()) {
                String where = file + ", line " + (i + 1);
                Map<String, @Nullable Object> fields = new LinkedHashMap<>();
                for (Map.Entry<String, JsonNode> e :
                        Json.parse(lines.get(i), where).fields().entrySet()) {
                    fields.put(e.getKey(), e.getValue().value());
                }
                rows.add(new Row(where, fields));
            }
        }
        return rows;
    }

    private static List<Row> named(Path file, List<List<String>> lines, List<String> wanted) {
        List<Row> rows = new ArrayList<>();
        boolean headings = !lines.isEmpty() && lines.getFirst().containsAll(wanted);
        List<String> names = headings ? lines.getFirst() : List.of();
        for (int i = headings ? 1 : 0; i < lines.size(); i++) {
            List<String> values = lines.get(i);
            if (values.isEmpty()) {
                continue;
            }
            String where = file + ", row " + (i + 1);
            if (headings && values.size() != names.size()) {
                throw new DataException(
                        "%s: %d values under %d headings"
                                .formatted(where, values.size(), names.size()));
            }
            Map<String, @Nullable Object> fields = new LinkedHashMap<>();
            for (int j = 0; j < values.size(); j++) {
                fields.put(headings ? names.get(j) : Integer.toString(j + 1), values.get(j));
            }
            rows.add(new Row(where, fields));
        }
        return rows;
    }

    /// Records of a csv text; one without a value is empty.
    private static List<List<String>> records(Path file, String text) {
        List<List<String>> records = new ArrayList<>();
        List<String> record = new ArrayList<>();
        var value = new StringBuilder();
        boolean quoted = false;
        boolean started = false; // whether there is a value, though it may be empty
        for (int i = 0; i <= text.length(); i++) {
            char c = i < text.length() ? text.charAt(i) : '\n';
            if (quoted) {
                if (i == text.length()) {
                    throw new DataException(
                            "%s, row %d: a quote is not closed"
                                    .formatted(file, records.size() + 1));
                }
                boolean twice = c == QUOTE && i + 1 < text.length() && text.charAt(i + 1) == QUOTE;
                if (c != QUOTE || twice) {
                    value.append(c);
                    i += twice ? 1 : 0;
                } else {
                    quoted = false;
                }
            } else if (c == QUOTE && value.isEmpty()) {
                quoted = true;
                started = true;
            } else if (c == ',') {
                record.add(value.toString());
                value.setLength(0);
                started = true;
            } else if (c == '\n') {
                if (value.length() > 0 && value.charAt(value.length() - 1) == '\r') {
                    value.setLength(value.length() - 1);
                }
                if (started || !value.isEmpty()) {
                    record.add(value.toString());
                }
                if (i < text.length() || !record.isEmpty()) {
                    records.add(List.copyOf(record));
                }
                record.clear();
                value.setLength(0);
                started = false;
            } else {
                value.append(c);
            }
        }
        return records;
    }
}
