package io.chagres.train.data;

import io.chagres.tensor.io.Json;
import io.chagres.tensor.io.JsonNode;
import java.io.IOException;
import java.io.Reader;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import java.util.stream.Stream;

/// Examples in JSON: a `.jsonl` file with one per line, a `.json` file with a list of them, or a
/// folder of such files.
final class ExampleFiles {
    private ExampleFiles() {}

    /// Hands every example of a source to `action`, in order.
    ///
    /// @throws DataException when a file is missing or malformed
    static void forEach(Source source, Consumer<JsonNode> action) {
        for (Path file : files(Path.of(source.path()))) {
            try {
                read(file, action);
            } catch (CharacterCodingException e) {
                throw new DataException(file + ": not UTF-8 text", e);
            } catch (IOException e) {
                throw new DataException(file + ": cannot be read: " + e.getMessage(), e);
            }
        }
    }

    private static List<Path> files(Path path) {
        if (Files.isRegularFile(path)) {
            return List.of(path);
        }
        if (!Files.isDirectory(path)) {
            throw new DataException(path + ": no such file or folder");
        }
        try (Stream<Path> all = Files.list(path)) {
            List<Path> found =
                    all.filter(f -> isJson(f, ".json") || isJson(f, ".jsonl")).sorted().toList();
            if (found.isEmpty()) {
                throw new DataException(path + ": no .json or .jsonl file in this folder");
            }
            return found;
        } catch (IOException e) {
            throw new DataException(path + ": cannot be listed: " + e.getMessage(), e);
        }
    }

    private static boolean isJson(Path file, String extension) {
        return file.toString().toLowerCase(Locale.ROOT).endsWith(extension);
    }

    private static void read(Path file, Consumer<JsonNode> action) throws IOException {
        if (isJson(file, ".json")) {
            Json.read(file).asList().forEach(action);
            return;
        }
        try (Reader reader = Files.newBufferedReader(file)) {
            LineReader lines = new LineReader(reader);
            var line = new StringBuilder();
            LineReader.End end = LineReader.End.LINE;
            for (int number = 1; end != LineReader.End.FILE; number++) {
                line.setLength(0);
                end = lines.read(line, TextFiles.MAX_JSON_LINE);
                String place = file + ", line " + number;
                if (end == LineReader.End.LIMIT) {
                    throw new DataException(
                            "%s: longer than %,d characters"
                                    .formatted(place, TextFiles.MAX_JSON_LINE));
                }
                String json = line.toString();
                if (!json.isBlank()) {
                    action.accept(Json.parse(json, place));
                }
            }
        }
    }
}
