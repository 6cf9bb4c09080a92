package io.chagres.train.recipe;

import io.chagres.train.data.Source;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The kind of value that a key takes.
///
/// @param expected the values in words, as in "expected …"
/// @param reader from a tree to a value
/// @param writer from a value to what a YAML file holds: a number, a boolean, a string, or lists
///   and maps of them
/// @param list whether a flag may give it as YAML in brackets or braces
/// @param <T> the type of the values
record ValueType<T>(String expected, Reader<T> reader, Function<T, Object> writer, boolean list) {

    /// Makes a value out of a tree.
    interface Reader<T> {
        T read(Node node, Where where);
    }

    private static final int LONGEST_NUMBER = 40;
    private static final Pattern WHOLE = Pattern.compile("[-+]?[0-9][0-9_]*");
    private static final Pattern DEVICE = Pattern.compile("auto|cpu|cuda(:[0-9]{1,4})?");
    private static final Pattern NUMBER =
            Pattern.compile("[-+]?([0-9][0-9_]*\\.?[0-9_]*|\\.[0-9][0-9_]*)([eE][-+]?[0-9]{1,5})?");
    private static final Pattern SIZE =
            Pattern.compile("([0-9]+(?:\\.[0-9]+)?) ?(|B|kB|MB|GB|TB|KiB|MiB|GiB|TiB)");
    private static final Map<String, Long> UNITS =
            Map.of(
                    "", 1L,
                    "B", 1L,
                    "kB", 1_000L,
                    "MB", 1_000_000L,
                    "GB", 1_000_000_000L,
                    "TB", 1_000_000_000_000L,
                    "KiB", 1L << 10,
                    "MiB", 1L << 20,
                    "GiB", 1L << 30,
                    "TiB", 1L << 40);

    /// A scalar.
    private static <T> ValueType<T> scalar(
            String expected, Function<String, Optional<T>> parse, Function<T, Object> writer) {
        return new ValueType<>(
                expected,
                (node, where) -> {
                    Optional<T> value =
                            node instanceof Node.Scalar(String text)
                                    ? parse.apply(text)
                                    : Optional.empty();
                    return value.orElseThrow(() -> where.expected(expected, node));
                },
                writer,
                false);
    }

    /// A whole number that fits a `long`.
    static ValueType<Long> whole(long min, long max) {
        return scalar(
                "a whole number" + range(min, max),
                text -> parseLong(text).filter(n -> n >= min && n <= max),
                n -> n);
    }

    /// A whole number that fits an `int`.
    static ValueType<Integer> integer(int min, int max) {
        return scalar(
                "a whole number" + range(min, max),
                text -> parseLong(text).filter(n -> n >= min && n <= max).map(Math::toIntExact),
                n -> n);
    }

    private static String range(long min, long max) {
        return min == Long.MIN_VALUE
                ? ""
                : String.format(Locale.ROOT, " from %,d to %,d", min, max);
    }

    private static Optional<Long> parseLong(String text) {
        if (text.length() > LONGEST_NUMBER || !WHOLE.matcher(text).matches()) {
            return Optional.empty();
        }
        try {
            return Optional.of(Long.parseLong(text.replace("_", "")));
        } catch (NumberFormatException e) {
            return Optional.empty();
        }
    }

    /// A finite number in `[min, max]`.
    static ValueType<Double> number(double min, double max) {
        return number("a number from %s to %s".formatted(plain(min), plain(max)), min, max);
    }

    /// A finite number in `[min, max)`.
    static ValueType<Double> numberBelow(double min, double max) {
        String expected = "a number from %s to less than %s".formatted(plain(min), plain(max));
        return number(expected, min, Math.nextDown(max));
    }

    /// A finite number in `(0, max]`.
    static ValueType<Double> positive(double max) {
        String expected = "a number above 0, at most " + plain(max);
        return number(expected, Double.MIN_VALUE, max);
    }

    private static ValueType<Double> number(String expected, double min, double max) {
        return scalar(
                expected, text -> parseDouble(text).filter(x -> x >= min && x <= max), x -> x);
    }

    private static Optional<Double> parseDouble(String text) {
        // A pattern of our own: Double.parseDouble also takes hexadecimal, "1d" and "NaN".
        return text.length() <= LONGEST_NUMBER && NUMBER.matcher(text).matches()
                ? Optional.of(Double.parseDouble(text.replace("_", "")))
                : Optional.empty();
    }

    private static String plain(double x) {
        return new BigDecimal(Double.toString(x)).stripTrailingZeros().toPlainString();
    }

    /// `true` or `false`.
    static ValueType<Boolean> truth() {
        return scalar(
                "true or false",
                text ->
                        switch (text) {
                            case "true", "True", "TRUE" -> Optional.of(true);
                            case "false", "False", "FALSE" -> Optional.of(false);
                            default -> Optional.empty();
                        },
                value -> value);
    }

    /// A text that is not blank.
    static ValueType<String> text(String expected) {
        return scalar(
                expected,
                text -> Optional.of(text).filter(t -> !t.isBlank() && t.indexOf('\0') < 0),
                text -> text);
    }

    /// A device, which need not be there.
    static ValueType<String> device() {
        return scalar(
                "auto, cpu, cuda, or cuda:N for one of several",
                text -> Optional.of(text).filter(t -> DEVICE.matcher(t).matches()),
                text -> text);
    }

    /// One of some names.
    static ValueType<String> oneOf(List<String> names) {
        return scalar(
                "one of " + String.join(", ", names),
                text -> Optional.of(text).filter(names::contains),
                name -> name);
    }

    /// A constant of an enum, by its name in lower case.
    static <E extends Enum<E>> ValueType<E> constant(List<E> constants) {
        List<String> names = constants.stream().map(ValueType::name).toList();
        return scalar(
                "one of " + String.join(", ", names),
                text -> constants.stream().filter(c -> name(c).equals(text)).findFirst(),
                ValueType::name);
    }

    private static String name(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }

    /// A number of bytes, with or without a unit.
    static ValueType<Long> bytes() {
        return scalar(
                "a size such as 4GiB, 512MiB or 2000000000", ValueType::parseBytes, size -> size);
    }

    /// Which activations are computed again.
    static ValueType<Checkpointing> checkpointing() {
        return scalar(
                "none, blocks, or a size such as 4GiB",
                text ->
                        switch (text) {
                            case "none" -> Optional.of(new Checkpointing.None());
                            case "blocks" -> Optional.of(new Checkpointing.Blocks());
                            default ->
                                    parseBytes(text)
                                            .filter(n -> n > 0)
                                            .map(Checkpointing.Budget::new);
                        },
                value ->
                        switch (value) {
                            case Checkpointing.None _ -> "none";
                            case Checkpointing.Blocks _ -> "blocks";
                            case Checkpointing.Budget(long bytes) -> bytes;
                        });
    }

    private static Optional<Long> parseBytes(String text) {
        Matcher matcher = SIZE.matcher(text);
        if (text.length() > LONGEST_NUMBER || !matcher.matches()) {
            return Optional.empty();
        }
        BigDecimal unit = BigDecimal.valueOf(UNITS.getOrDefault(matcher.group(2), 1L));
        BigDecimal size = new BigDecimal(matcher.group(1)).multiply(unit);
        return size.compareTo(BigDecimal.valueOf(Long.MAX_VALUE)) <= 0
                ? Optional.of(size.longValue())
                : Optional.empty();
    }

    /// A list of texts; a single one may stand without brackets.
    static ValueType<List<String>> texts() {
        ValueType<String> one = text("a text");
        return list("a list of texts", one::read, text -> text);
    }

    /// A list of sources of training text: paths, or groups of `path`, `weight` and `domain`.
    static ValueType<List<Source>> sources() {
        return list("a list of {path, weight, domain}", SourceReader::read, SourceReader::write);
    }

    /// Ranges of values by key.
    static ValueType<Map<String, Range>> search() {
        return new ValueType<>(
                "a group of keys with ranges", SearchReader::read, SearchReader::write, true);
    }

    private static <T> ValueType<List<T>> list(
            String expected, Reader<T> item, Function<T, Object> writer) {
        return new ValueType<>(
                expected,
                (node, where) ->
                        switch (node) {
                            case Node.Sequence(List<Node> items) -> {
                                var values = new ArrayList<T>();
                                for (Node child : items) {
                                    Where place = where.child(String.valueOf(values.size()));
                                    values.add(item.read(child, place));
                                }
                                yield List.copyOf(values);
                            }
                            case Node.Scalar single -> List.of(item.read(single, where));
                            case Node.Mapping _, Node.Nothing _ ->
                                    throw where.expected(expected, node);
                        },
                values -> values.stream().map(writer).toList(),
                true);
    }

    /// The tree of a value that is given as text, by a flag or a default.
    ///
    /// @param origin what errors call the text
    Node parse(String text, String origin) {
        if (!list) {
            return new Node.Scalar(text);
        }
        return text.strip().startsWith("[") || text.strip().startsWith("{")
                ? YamlReader.read(origin, text)
                : Node.Sequence.of(new Node.Scalar(text));
    }

    /// Reads a value.
    ///
    /// @throws RecipeException when the tree is no such value
    T read(Node node, Where where) {
        return reader.read(node, where);
    }
}
