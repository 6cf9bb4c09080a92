package io.chagres.cli;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// What an evaluation found: figures in order, for people, for programs and for tables.
final class Measured {
    private final Map<String, Object> json = new LinkedHashMap<>();
    private final List<Figure> figures = new ArrayList<>();
    private final List<String> lines = new ArrayList<>();

    /// A figure that can be compared.
    ///
    /// @param name what it is
    /// @param value the number
    /// @param shown how people see it
    record Figure(String name, double value, String shown) {}

    /// Adds a figure under a key of the JSON, shown by a format of one number.
    Measured figure(String name, String key, double value, String format) {
        return figure(name, key, value, value, Figures.format(format, value));
    }

    /// Adds what a model took.
    ///
    /// @param peak most bytes in memory
    /// @param file bytes of its files of weights
    Measured memory(long peak, long file) {
        line("peak memory " + Figures.bytes(peak) + ", weights on disk " + Figures.bytes(file));
        figure("peak memory", "peak_bytes", peak, peak, Figures.bytes(peak));
        return fileSize(file);
    }

    /// Adds bytes of a model's files of weights.
    Measured fileSize(long file) {
        return figure("file size", "file_bytes", file, file, Figures.bytes(file));
    }

    /// Adds a figure under a key of the JSON.
    ///
    /// @param value as programs see it
    /// @param number what is compared with other models'; NaN where that makes no sense
    /// @param shown as people see it
    Measured figure(String name, String key, Number value, double number, String shown) {
        json.put(key, value);
        figures.add(new Figure(name, number, shown));
        return this;
    }

    /// Adds something that only programs see.
    Measured only(String key, Object value) {
        json.put(key, value);
        return this;
    }

    /// Adds a line that only people see.
    Measured line(String text) {
        lines.add(text);
        return this;
    }

    Map<String, Object> json() {
        return json;
    }

    List<Figure> figures() {
        return figures;
    }

    List<String> lines() {
        return lines;
    }
}
