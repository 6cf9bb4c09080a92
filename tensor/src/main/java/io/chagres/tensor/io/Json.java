package io.chagres.tensor.io;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonFactoryBuilder;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.core.util.Separators;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.io.StringReader;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Reads and writes JSON as a tree, with limits against hostile input and with errors that name the
/// file and the field: `config.json: field rope.factor[2]: expected number, found string "x"`.
///
/// Values are `Map<String, Object>` in the order of the file, `List<Object>`, `String`, `Boolean`,
/// `Long`, `BigInteger` (beyond 64 bits), `Double` and `null`. A key that comes twice is an error.
/// `NaN`, `Infinity` and `-Infinity`, which Python writes, are read as such.
public final class Json {
    /// The longest file that is read: 256 MiB.
    public static final long MAX_BYTES = 256L << 20;

    /// The deepest nesting that is read.
    public static final int MAX_DEPTH = 100;

    private static final JsonFactory FACTORY = factory(MAX_DEPTH, MAX_BYTES);

    private Json() {}

    /// A Jackson factory with limits. Names are not kept in tables: those of vocabularies and
    /// checkpoints are many and do not repeat.
    static JsonFactory factory(int maxDepth, long maxLength) {
        return new JsonFactoryBuilder()
                .streamReadConstraints(
                        StreamReadConstraints.builder()
                                .maxNestingDepth(maxDepth)
                                .maxDocumentLength(maxLength)
                                .maxNumberLength(1000)
                                .build())
                .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
                .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
                .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
                .build();
    }

    /// Reads a file in UTF-8.
    ///
    /// @throws JsonException when it is not JSON or exceeds the limits
    /// @throws IOException when it cannot be read
    public static JsonNode read(Path file) throws IOException {
        long size = Files.size(file);
        if (size > MAX_BYTES) {
            throw new JsonException(
                    file.toString(), size + " bytes are more than the limit of " + MAX_BYTES);
        }
        try (Reader reader =
                new InputStreamReader(
                        Files.newInputStream(file), StandardCharsets.UTF_8.newDecoder())) {
            return parse(reader, file.toString());
        }
    }

    /// Parses a text.
    ///
    /// @param source how errors call it, for example the file it came from
    public static JsonNode parse(String text, String source) {
        try {
            return parse(new StringReader(text), source);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static JsonNode parse(Reader reader, String source) throws IOException {
        try (JsonParser parser = FACTORY.createParser(reader)) {
            JsonToken token = parser.nextToken();
            if (token == null) {
                throw new JsonException(source, "not JSON: the text is empty");
            }
            Object value = value(parser, token, source);
            if (parser.nextToken() != null) {
                throw new JsonException(source, "not JSON: text after the end" + at(parser));
            }
            return JsonNode.root(value, source);
        } catch (IOException e) {
            throw new JsonException(source, reason(e), e);
        }
    }

    /// Says in words why a text is not JSON; trouble in reading it is thrown on.
    static String reason(IOException e) throws IOException {
        return switch (e) {
            case JsonProcessingException j -> {
                JsonLocation where = j.getLocation();
                yield "not JSON: " + j.getOriginalMessage() + (where == null ? "" : at(where));
            }
            case CharacterCodingException c -> "not JSON: the text is not UTF-8";
            default -> throw e;
        };
    }

    private static String at(JsonLocation where) {
        return " (line " + where.getLineNr() + ", column " + where.getColumnNr() + ")";
    }

    private static String at(JsonParser parser) {
        return at(parser.currentTokenLocation());
    }

    private static @Nullable Object value(JsonParser parser, JsonToken token, String source)
            throws IOException {
        return switch (token) {
            case START_OBJECT -> object(parser, source);
            case START_ARRAY -> {
                List<@Nullable Object> list = new ArrayList<>();
                for (JsonToken t = parser.nextToken(); t != JsonToken.END_ARRAY; ) {
                    list.add(value(parser, t, source));
                    t = parser.nextToken();
                }
                yield list;
            }
            case VALUE_STRING -> parser.getText();
            case VALUE_TRUE -> true;
            case VALUE_FALSE -> false;
            case VALUE_NULL -> null;
            case VALUE_NUMBER_INT ->
                    switch (parser.getNumberType()) {
                        case INT, LONG -> (Object) parser.getLongValue();
                        default -> parser.getBigIntegerValue();
                    };
            case VALUE_NUMBER_FLOAT -> parser.getDoubleValue();
            default -> throw new JsonException(source, "not JSON: " + token + at(parser));
        };
    }

    private static Map<String, @Nullable Object> object(JsonParser parser, String source)
            throws IOException {
        Map<String, @Nullable Object> map = new LinkedHashMap<>();
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            String key = parser.currentName();
            if (map.containsKey(key)) {
                throw new JsonException(
                        source, "key " + JsonNode.quote(key) + " comes twice" + at(parser));
            }
            map.put(key, value(parser, parser.nextToken(), source));
        }
        return map;
    }

    /// Writes or replaces a file, indented by two spaces, atomically (see [AtomicFiles]).
    ///
    /// @param value maps with string keys, iterables, strings, numbers, booleans, `null` and
    ///   [JsonNode]s; NaN and infinities, which JSON lacks, become `null`
    public static void write(@Nullable Object value, Path file) throws IOException {
        AtomicFiles.writeString(file, pretty(value) + "\n");
    }

    /// The value as JSON over several lines, indented by two spaces.
    public static String pretty(@Nullable Object value) {
        return print(value, true);
    }

    /// The value as JSON in one line.
    public static String line(@Nullable Object value) {
        return print(value, false);
    }

    private static String print(@Nullable Object value, boolean indented) {
        StringWriter out = new StringWriter();
        try (JsonGenerator generator = FACTORY.createGenerator(out)) {
            if (indented) {
                generator.setPrettyPrinter(printer());
            }
            emit(generator, value);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return out.toString();
    }

    private static DefaultPrettyPrinter printer() {
        var indenter = new DefaultIndenter("  ", "\n");
        var printer =
                new DefaultPrettyPrinter(
                        Separators.createDefaultInstance()
                                .withObjectFieldValueSpacing(Separators.Spacing.AFTER)
                                .withObjectEmptySeparator("")
                                .withArrayEmptySeparator(""));
        printer.indentObjectsWith(indenter);
        printer.indentArraysWith(indenter);
        return printer;
    }

    private static void emit(JsonGenerator out, @Nullable Object value) throws IOException {
        switch (value) {
            case null -> out.writeNull();
            case JsonNode n -> emit(out, n.value());
            case String s -> out.writeString(s);
            case Boolean b -> out.writeBoolean(b);
            case Double d when !Double.isFinite(d) -> out.writeNull();
            case Float f when !Float.isFinite(f) -> out.writeNull();
            case Double d -> out.writeNumber(d);
            case Float f -> out.writeNumber(f);
            case BigInteger b -> out.writeNumber(b);
            case BigDecimal b -> out.writeNumber(b);
            case Number n -> out.writeNumber(n.longValue());
            case Map<?, ?> m -> {
                out.writeStartObject();
                for (Map.Entry<?, ?> e : m.entrySet()) {
                    if (!(e.getKey() instanceof String key)) {
                        throw new IllegalArgumentException("a JSON key must be text: " + e);
                    }
                    out.writeFieldName(key);
                    emit(out, e.getValue());
                }
                out.writeEndObject();
            }
            case Iterable<?> list -> {
                out.writeStartArray();
                for (Object o : list) {
                    emit(out, o);
                }
                out.writeEndArray();
            }
            default ->
                    throw new IllegalArgumentException(
                            "no JSON for a " + value.getClass().getName());
        }
    }
}
