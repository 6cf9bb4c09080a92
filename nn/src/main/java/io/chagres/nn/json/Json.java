package io.chagres.nn.json;

import com.fasterxml.jackson.core.JsonEncoding;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.core.util.Separators;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Reads and writes JSON as a tree of plain Java values: `Map` (in document order), `List`,
/// `String`, `Long`, `Double`, `Boolean` and `null`.
///
/// Documents come from strangers, so reading is limited: file size, nesting depth, and the length
/// of names and strings. Every failure is a [JsonException].
public final class Json {
    /// Largest document that is read, in bytes.
    public static final long MAX_BYTES = 512L << 20;

    /// Deepest nesting of objects and arrays that is read.
    public static final int MAX_DEPTH = 100;

    private static final int MAX_STRING = 64 << 20;
    private static final int MAX_NAME = 1 << 20;

    private static final JsonFactory FACTORY =
            JsonFactory.builder()
                    .streamReadConstraints(
                            StreamReadConstraints.builder()
                                    .maxNestingDepth(MAX_DEPTH)
                                    .maxStringLength(MAX_STRING)
                                    .maxNameLength(MAX_NAME)
                                    .build())
                    // Vocabularies have 10^5 different names: interning them buys nothing.
                    .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
                    .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
                    .enable(StreamReadFeature.USE_FAST_DOUBLE_PARSER)
                    .build();

    private Json() {}

    /// Reads a file whose top level is an object.
    ///
    /// @throws JsonException when the file is too large, malformed, or not an object
    /// @throws IOException when the file cannot be read
    public static JsonObject readObject(Path file) throws IOException {
        return parseObject(file.toString(), readBytes(file));
    }

    /// Reads a whole file, refusing one larger than [#MAX_BYTES].
    public static byte[] readBytes(Path file) throws IOException {
        long size = Files.size(file);
        if (size > MAX_BYTES) {
            throw new JsonException(
                    file.toString(), "", size + " bytes exceed the limit of " + MAX_BYTES);
        }
        return Files.readAllBytes(file);
    }

    /// Parses UTF-8 bytes whose top level is an object.
    ///
    /// @param source name used in errors, usually the file's
    public static JsonObject parseObject(String source, byte[] utf8) {
        return JsonObject.of(source, "", parse(source, utf8));
    }

    /// Parses UTF-8 bytes holding one JSON value and nothing after it.
    ///
    /// @param source name used in errors, usually the file's
    public static @Nullable Object parse(String source, byte[] utf8) {
        try (JsonParser parser = FACTORY.createParser(utf8)) {
            if (parser.nextToken() == null) {
                throw new JsonException(source, "", "the document is empty");
            }
            Object value;
            try {
                value = value(parser, source);
                if (parser.nextToken() != null) {
                    throw new JsonException(source, "", "more text follows the document's end");
                }
            } catch (JsonProcessingException e) {
                throw malformed(source, parser, e);
            }
            return value;
        } catch (JsonProcessingException e) {
            throw new JsonException(source, "", e.getOriginalMessage(), e);
        } catch (IOException e) {
            throw new JsonException(source, "", String.valueOf(e.getMessage()), e);
        }
    }

    private static JsonException malformed(
            String source, JsonParser parser, JsonProcessingException e) {
        String path = parser.getParsingContext().pathAsPointer().toString();
        String shown = path.length() > 200 ? path.substring(0, 200) + "…" : path;
        String what = e instanceof StreamConstraintsException ? "beyond limits" : "malformed JSON";
        var at = e.getLocation();
        String where = at == null ? "" : " (line " + at.getLineNr() + ")";
        return new JsonException(source, shown, what + where + ": " + e.getOriginalMessage(), e);
    }

    private static @Nullable Object value(JsonParser parser, String source) throws IOException {
        JsonToken token = parser.currentToken();
        return switch (token) {
            case START_OBJECT -> {
                Map<String, @Nullable Object> map = new LinkedHashMap<>();
                while (parser.nextToken() != JsonToken.END_OBJECT) {
                    String name = parser.currentName();
                    parser.nextToken();
                    map.put(name, value(parser, source));
                }
                yield map;
            }
            case START_ARRAY -> {
                List<@Nullable Object> list = new ArrayList<>();
                while (parser.nextToken() != JsonToken.END_ARRAY) {
                    list.add(value(parser, source));
                }
                yield list;
            }
            case VALUE_STRING -> parser.getText();
            case VALUE_NUMBER_INT -> parser.getLongValue();
            case VALUE_NUMBER_FLOAT -> parser.getDoubleValue();
            case VALUE_TRUE -> Boolean.TRUE;
            case VALUE_FALSE -> Boolean.FALSE;
            case VALUE_NULL -> null;
            default ->
                    throw new JsonException(
                            source,
                            parser.getParsingContext().pathAsPointer().toString(),
                            "unexpected " + token);
        };
    }

    /// Writes a tree of `Map`, `Iterable`, `CharSequence`, `Number`, `Boolean` and `null` as
    /// indented UTF-8 JSON. Arrays of `int`, `long`, `float` and `double` are written as lists.
    ///
    /// @throws IllegalArgumentException for a value of any other class, or a number not finite
    public static byte[] toBytes(@Nullable Object tree) {
        var out = new ByteArrayOutputStream();
        try {
            write(tree, out);
        } catch (IOException e) {
            throw new IllegalStateException("writing to memory failed", e);
        }
        return out.toByteArray();
    }

    /// As [#toBytes], to a stream, which is left open.
    public static void write(@Nullable Object tree, OutputStream out) throws IOException {
        var indenter = new DefaultIndenter("  ", "\n");
        var printer =
                new DefaultPrettyPrinter(
                                Separators.createDefaultInstance()
                                        .withObjectFieldValueSpacing(Separators.Spacing.AFTER))
                        .withObjectIndenter(indenter)
                        .withArrayIndenter(indenter);
        try (JsonGenerator generator = FACTORY.createGenerator(out, JsonEncoding.UTF8)) {
            generator.disable(JsonGenerator.Feature.AUTO_CLOSE_TARGET);
            generator.setPrettyPrinter(printer);
            JsonTreeWriter.write(generator, tree, "");
            generator.writeRaw('\n');
        }
    }
}
