package io.chagres.tensor.io;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.chagres.tensor.Shape;
import io.chagres.tensor.ShapeMismatch;
import java.io.IOException;
import java.io.Reader;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The header of one safetensors file, checked in full: types are known, sizes follow from shapes,
/// and the tensors fill the data without holes or overlaps.
///
/// @param tensors the tensors in the order of the header
/// @param metadata the free text fields
record SafeTensorsHeader(Map<String, Entry> tensors, Map<String, String> metadata) {
    /// The longest header that the format allows.
    static final long MAX_LENGTH = 100_000_000;

    /// The key of the free text fields.
    static final String METADATA = "__metadata__";

    private static final int MAX_DEPTH = 8;
    private static final JsonFactory FACTORY = Json.factory(MAX_DEPTH, MAX_LENGTH);

    /// One tensor.
    ///
    /// @param type element type
    /// @param shape sizes
    /// @param begin its first byte, counted from the start of the data
    /// @param end the byte after its last
    record Entry(StoredType type, Shape shape, long begin, long end) {}

    /// Reads a header.
    ///
    /// @param text the header alone, decoded
    /// @param file the file's name, for errors
    /// @param dataBytes bytes that follow the header
    static SafeTensorsHeader parse(Reader text, String file, long dataBytes) throws IOException {
        SafeTensorsHeader header = new Reading(file).header(text);
        header.checkLayout(file, dataBytes);
        return header;
    }

    private void checkLayout(String file, long dataBytes) {
        List<Map.Entry<String, Entry>> sorted = new ArrayList<>(tensors.entrySet());
        sorted.sort(
                Comparator.comparingLong((Map.Entry<String, Entry> e) -> e.getValue().begin())
                        .thenComparingLong(e -> e.getValue().end()));
        long end = 0;
        String previous = "";
        for (Map.Entry<String, Entry> e : sorted) {
            Entry t = e.getValue();
            if (t.begin() != end) {
                String what =
                        t.begin() < end
                                ? "overlaps tensor " + JsonNode.quote(previous)
                                : "leaves a hole before it";
                throw new SafeTensorsException(
                        file,
                        tensor(e.getKey(), "data_offsets")
                                + "starts at byte "
                                + t.begin()
                                + " where "
                                + end
                                + " is due: it "
                                + what);
            }
            end = t.end();
            previous = e.getKey();
        }
        if (end != dataBytes) {
            throw new SafeTensorsException(
                    file,
                    "data_offsets of the tensors end at byte "
                            + end
                            + " but the file holds "
                            + dataBytes
                            + " bytes of data"
                            + (end > dataBytes ? ": it is truncated" : ""));
        }
    }

    private static String tensor(String name, String field) {
        return tensor(name) + field + ": ";
    }

    private static String tensor(String name) {
        return "tensor " + JsonNode.quote(name) + ": ";
    }

    /// One pass over the text.
    private static final class Reading {
        private final String file;

        Reading(String file) {
            this.file = file;
        }

        SafeTensorsHeader header(Reader text) throws IOException {
            try (JsonParser parser = FACTORY.createParser(text)) {
                expect(parser.nextToken(), JsonToken.START_OBJECT, "header: ");
                Map<String, Entry> tensors = new LinkedHashMap<>();
                Map<String, String> metadata = null;
                while (parser.nextToken() != JsonToken.END_OBJECT) {
                    String name = name(parser);
                    if (name.equals(METADATA)) {
                        if (metadata != null) {
                            throw error("key " + METADATA + " comes twice");
                        }
                        metadata = metadata(parser);
                    } else if (tensors.put(name, entry(parser, name)) != null) {
                        throw error("tensor " + JsonNode.quote(name) + " comes twice");
                    }
                }
                if (parser.nextToken() != null) {
                    throw error("header: text after the end");
                }
                return new SafeTensorsHeader(tensors, metadata == null ? Map.of() : metadata);
            } catch (IOException e) {
                throw error("header is " + Json.reason(e), e);
            }
        }

        private Map<String, String> metadata(JsonParser parser) throws IOException {
            expect(parser.nextToken(), JsonToken.START_OBJECT, METADATA + ": ");
            Map<String, String> map = new LinkedHashMap<>();
            while (parser.nextToken() != JsonToken.END_OBJECT) {
                String key = name(parser);
                String at = METADATA + ": key " + JsonNode.quote(key) + ": ";
                expect(parser.nextToken(), JsonToken.VALUE_STRING, at);
                if (map.put(key, parser.getText()) != null) {
                    throw error(at + "comes twice");
                }
            }
            return map;
        }

        private Entry entry(JsonParser parser, String name) throws IOException {
            JsonToken first = parser.nextToken();
            if (first != JsonToken.START_OBJECT) {
                expect(first, JsonToken.START_OBJECT, tensor(name));
            }
            StoredType type = null;
            long[] dims = null;
            long[] offsets = null;
            while (parser.nextToken() != JsonToken.END_OBJECT) {
                String field = name(parser);
                JsonToken token = parser.nextToken();
                boolean twice =
                        switch (field) {
                            case "dtype" -> {
                                boolean seen = type != null;
                                type = type(parser, token, name);
                                yield seen;
                            }
                            case "shape" -> {
                                boolean seen = dims != null;
                                dims = numbers(parser, token, name, field);
                                yield seen;
                            }
                            case "data_offsets" -> {
                                boolean seen = offsets != null;
                                offsets = numbers(parser, token, name, field);
                                yield seen;
                            }
                            default -> {
                                parser.skipChildren();
                                yield false;
                            }
                        };
                if (twice) {
                    throw error(tensor(name, field) + "comes twice");
                }
            }
            return entry(
                    name,
                    present(type, name, "dtype"),
                    present(dims, name, "shape"),
                    present(offsets, name, "data_offsets"));
        }

        private Entry entry(String name, StoredType type, long[] dims, long[] offsets) {
            Shape shape;
            long bits;
            try {
                shape = Shape.of(dims);
                bits = Math.multiplyExact(shape.size(), (long) type.bits());
            } catch (ShapeMismatch | ArithmeticException e) {
                throw error(tensor(name, "shape") + shown(dims) + " is too large", e);
            }
            if (bits % Byte.SIZE != 0) {
                throw error(
                        tensor(name, "shape")
                                + shown(dims)
                                + " of "
                                + type
                                + " ends inside a byte");
            }
            if (offsets.length != 2 || offsets[1] < offsets[0]) {
                throw error(
                        tensor(name, "data_offsets")
                                + "expected [begin, end], found "
                                + shown(offsets));
            }
            if (offsets[1] - offsets[0] != bits / Byte.SIZE) {
                throw error(
                        tensor(name, "data_offsets")
                                + shown(offsets)
                                + " span "
                                + (offsets[1] - offsets[0])
                                + " bytes but "
                                + type
                                + " of shape "
                                + shown(dims)
                                + " takes "
                                + bits / Byte.SIZE);
            }
            return new Entry(type, shape, offsets[0], offsets[1]);
        }

        private StoredType type(JsonParser parser, JsonToken token, String name)
                throws IOException {
            expect(token, JsonToken.VALUE_STRING, name, "dtype");
            StoredType type = StoredType.named(parser.getText());
            if (type == null) {
                throw error(
                        tensor(name, "dtype") + "unknown type " + JsonNode.quote(parser.getText()));
            }
            return type;
        }

        /// A list of whole numbers that are not negative.
        private long[] numbers(JsonParser parser, JsonToken token, String name, String field)
                throws IOException {
            expect(token, JsonToken.START_ARRAY, name, field);
            long[] list = new long[4];
            int n = 0;
            for (JsonToken t = parser.nextToken(); t != JsonToken.END_ARRAY; ) {
                expect(t, JsonToken.VALUE_NUMBER_INT, name, field);
                if (parser.getNumberType() == JsonParser.NumberType.BIG_INTEGER
                        || parser.getLongValue() < 0) {
                    throw error(tensor(name, field) + parser.getText() + " is out of range");
                }
                if (n == list.length) {
                    list = Arrays.copyOf(list, 2 * n);
                }
                list[n++] = parser.getLongValue();
                t = parser.nextToken();
            }
            return Arrays.copyOf(list, n);
        }

        private String name(JsonParser parser) throws IOException {
            expect(parser.currentToken(), JsonToken.FIELD_NAME, "header: ");
            return parser.currentName();
        }

        /// Makes the text of the message only when it is needed: files have thousands of fields.
        private void expect(
                @Nullable JsonToken found, JsonToken wanted, String name, String field) {
            if (found != wanted) {
                expect(found, wanted, tensor(name, field));
            }
        }

        private void expect(@Nullable JsonToken found, JsonToken wanted, String at) {
            if (found != wanted) {
                throw error(at + "expected " + words(wanted) + ", found " + words(found));
            }
        }

        private <T> T present(@Nullable T value, String name, String field) {
            if (value == null) {
                throw error(tensor(name, field) + "missing");
            }
            return value;
        }

        private SafeTensorsException error(String message) {
            return new SafeTensorsException(file, message);
        }

        private SafeTensorsException error(String message, Exception cause) {
            return new SafeTensorsException(file, message, cause);
        }

        private static String shown(long[] numbers) {
            String all = Arrays.toString(numbers);
            return all.length() <= 200 ? all : all.substring(0, 200) + "…";
        }

        private static String words(@Nullable JsonToken token) {
            return switch (token) {
                case null -> "the end of the text";
                case START_OBJECT -> "an object";
                case START_ARRAY -> "a list";
                case VALUE_STRING -> "a string";
                case VALUE_NUMBER_INT -> "an integer";
                case VALUE_NUMBER_FLOAT -> "a number with a fraction";
                case VALUE_TRUE, VALUE_FALSE -> "a boolean";
                case VALUE_NULL -> "null";
                case FIELD_NAME -> "a key";
                default -> "the end of an object or list";
            };
        }
    }
}
