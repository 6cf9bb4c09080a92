package io.chagres.train.data;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import java.util.stream.Stream;

/// Documents in text and jsonl files.
///
/// A text file is one document, handed out in pieces that end at a blank line after about [#PIECE]
/// characters and never exceed [#MAX_PIECE]; so files may be of any size, and a part of a single
/// large file can be held out. In a jsonl file each line is a document.
///
/// @param files the files, in reading order
/// @param domain the domain of their documents
record TextFiles(List<Path> files, String domain) implements Corpus.Documents {
    static final int PIECE = 4 * 1024;
    static final int MAX_PIECE = 16 * 1024;
    static final int MAX_JSON_LINE = 64 * 1024 * 1024;

    private static final String JSONL = ".jsonl";
    private static final ObjectMapper JSON = new ObjectMapper();

    /// Finds the files of a source.
    static TextFiles open(Source source) {
        Path path;
        try {
            path = Path.of(source.path());
        } catch (InvalidPathException e) {
            throw new DataException("'%s' is not a path".formatted(source.path()), e);
        }
        if (Files.isDirectory(path)) {
            List<Path> files = list(path);
            if (files.isEmpty()) {
                throw new DataException(path + ": no .txt, .md or .jsonl file in this folder");
            }
            return new TextFiles(files, source.domain());
        }
        if (!Files.isRegularFile(path)) {
            throw new DataException(path + ": no such file or folder");
        }
        if (extensionIs(path, ".json")) {
            throw new DataException(
                    path + ": JSON is read one object per line, from a file named .jsonl");
        }
        return new TextFiles(List.of(path), source.domain());
    }

    private static List<Path> list(Path folder) {
        try (Stream<Path> paths = Files.walk(folder)) {
            return paths.filter(file -> isText(folder, file)).sorted().toList();
        } catch (IOException | UncheckedIOException e) {
            throw new DataException(folder + ": cannot be listed: " + e.getMessage(), e);
        }
    }

    private static boolean isText(Path folder, Path file) {
        for (Path name : folder.relativize(file)) {
            if (name.toString().startsWith(".")) {
                return false;
            }
        }
        boolean known =
                Stream.of(".txt", ".md", JSONL).anyMatch(extension -> extensionIs(file, extension));
        return known && Files.isRegularFile(file);
    }

    private static boolean extensionIs(Path file, String extension) {
        return file.toString().toLowerCase(Locale.ROOT).endsWith(extension);
    }

    @Override
    public void forEach(Consumer<Document> action) {
        for (Path file : files) {
            try (Reader reader = Files.newBufferedReader(file)) {
                if (extensionIs(file, JSONL)) {
                    readJson(file, new LineReader(reader), action);
                } else {
                    readText(new LineReader(reader), action);
                }
            } catch (CharacterCodingException e) {
                throw new DataException(file + ": not UTF-8 text", e);
            } catch (IOException e) {
                throw new DataException(file + ": cannot be read: " + e.getMessage(), e);
            }
        }
    }

    private void readText(LineReader reader, Consumer<Document> action) throws IOException {
        String pending = null;
        var piece = new StringBuilder();
        LineReader.End end;
        do {
            int before = piece.length();
            end = reader.read(piece, MAX_PIECE - before - 1);
            boolean paragraphEnds = piece.length() == before && end == LineReader.End.LINE;
            if (end == LineReader.End.LINE) {
                piece.append('\n');
            }
            if (end == LineReader.End.FILE
                    || piece.length() >= MAX_PIECE - 1
                    || (paragraphEnds && piece.length() >= PIECE)) {
                String text = piece.toString();
                piece.setLength(0);
                if (!text.isBlank()) {
                    if (pending != null) {
                        action.accept(new Document(pending, domain, false));
                    }
                    pending = text;
                }
            }
        } while (end != LineReader.End.FILE);
        if (pending != null) {
            action.accept(new Document(pending.stripTrailing(), domain));
        }
    }

    private void readJson(Path file, LineReader reader, Consumer<Document> action)
            throws IOException {
        var line = new StringBuilder();
        LineReader.End end = LineReader.End.LINE;
        for (int number = 1; end != LineReader.End.FILE; number++) {
            line.setLength(0);
            end = reader.read(line, MAX_JSON_LINE);
            if (end == LineReader.End.LIMIT) {
                throw new DataException(
                        "%s, line %d: longer than %,d characters"
                                .formatted(file, number, MAX_JSON_LINE));
            }
            String json = line.toString();
            if (!json.isBlank()) {
                String text = text(file, number, json);
                if (!text.isBlank()) {
                    action.accept(new Document(text, domain));
                }
            }
        }
    }

    private static String text(Path file, int number, String json) {
        JsonNode text;
        try {
            text = JSON.readTree(json).path("text");
        } catch (JacksonException e) {
            throw new DataException(
                    "%s, line %d: not JSON: %s".formatted(file, number, e.getOriginalMessage()), e);
        }
        if (!text.isTextual()) {
            throw new DataException(
                    "%s, line %d: needs a field 'text' that holds a string"
                            .formatted(file, number));
        }
        return text.textValue();
    }
}
