package io.chagres.train.eval;

import io.chagres.train.data.DataException;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// One record of a table: a line of a jsonl file, or of a csv or tsv file.
///
/// @param where file and line, for errors
/// @param fields values by name: those of JSON, or text; columns without a heading are named `1`,
///   `2` and so on
public record Row(String where, Map<String, @Nullable Object> fields) {
    /// Whether there is a field.
    public boolean has(String field) {
        return fields.get(field) != null;
    }

    /// A field with text in it.
    ///
    /// @throws DataException naming the line when it is missing or something else
    public String text(String field) {
        if (fields.get(field) instanceof String text) {
            return text;
        }
        throw wrong(field, "text");
    }

    /// A field with text or a list of texts.
    ///
    /// @throws DataException naming the line when it is missing, empty or something else
    public List<String> texts(String field) {
        Object value = fields.get(field);
        if (value instanceof String text) {
            return List.of(text);
        }
        if (value instanceof List<?> list
                && !list.isEmpty()
                && list.stream().allMatch(String.class::isInstance)) {
            return list.stream().map(String.class::cast).toList();
        }
        throw wrong(field, "text or a list of texts");
    }

    private DataException wrong(String field, String wanted) {
        return new DataException(
                "%s: needs a field '%s' with %s; it has %s"
                        .formatted(where, field, wanted, fields.keySet()));
    }
}
