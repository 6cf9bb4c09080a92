package io.chagres.train.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.chagres.train.data.DataException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RowsTest {
    @TempDir private Path folder;

    private List<Row> read(String name, String text, String... wanted) throws IOException {
        Path file = folder.resolve(name);
        Files.writeString(file, text);
        return Rows.read(file, List.of(wanted));
    }

    @Test
    void csvHasQuotesAndHeadings() throws IOException {
        List<Row> rows =
                read(
                        "a.csv",
                        "label,text\r\nham,\"a, \"\"b\"\"\nc\"\r\n\r\nspam,\n\"\",x",
                        "text",
                        "label");
        assertThat(rows).hasSize(3);
        assertThat(rows.get(0).text("text")).isEqualTo("a, \"b\"\nc");
        assertThat(rows.get(1).text("label")).isEqualTo("spam");
        assertThat(rows.get(1).text("text")).isEmpty();
        assertThat(rows.get(2).text("label")).isEmpty();
        assertThatThrownBy(() -> read("b.csv", "a,\"b\nc", "1"))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("b.csv, row 1: a quote is not closed");
        assertThatThrownBy(() -> read("c.csv", "a,b\nc", "a"))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("c.csv, row 2: 1 values under 2 headings");
    }

    @Test
    void tsvWithoutHeadingsCountsItsColumns() throws IOException {
        List<Row> rows = read("a.tsv", "ham\t\"Ok\" lar\nspam\tWin, win\t\n", "1", "2");
        assertThat(rows).hasSize(2);
        assertThat(rows.get(0).text("2")).isEqualTo("\"Ok\" lar");
        assertThat(rows.get(1).text("3")).isEmpty();
    }

    @Test
    void jsonlHasTextsAndLists() throws IOException {
        List<Row> rows = read("a.jsonl", "{\"t\":\"x\",\"r\":[\"y\",\"z\"]}\n\n{\"t\":1}\n");
        assertThat(rows.get(0).texts("r")).containsExactly("y", "z");
        assertThat(rows.get(0).texts("t")).containsExactly("x");
        assertThat(rows.get(0).has("q")).isFalse();
        assertThatThrownBy(() -> rows.get(1).text("t"))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("a.jsonl, line 3: needs a field 't' with text");
        assertThatThrownBy(() -> read("b.txt", "x"))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("b.txt");
        assertThatThrownBy(() -> Rows.read(folder.resolve("no.csv"), List.of()))
                .hasMessageContaining("no.csv: no such file");
    }
}
