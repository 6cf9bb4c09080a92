package io.chagres.nn.text.chars;

import java.util.Arrays;

/// A growing list of index ranges `[start, end)` over one [CharText]. Empty ranges are not kept.
public final class Spans {
    private int[] bounds;
    private int size;

    /// An empty list with room for `capacity` ranges.
    public Spans(int capacity) {
        bounds = new int[2 * Math.max(4, capacity)];
    }

    /// One range over the whole text; no range when it is empty.
    public static Spans whole(CharText text) {
        var spans = new Spans(1);
        spans.add(text.start(), text.end());
        return spans;
    }

    /// Adds a range, unless it is empty.
    public void add(int start, int end) {
        if (start == end) {
            return;
        }
        if (size == bounds.length) {
            bounds = Arrays.copyOf(bounds, bounds.length * 2);
        }
        bounds[size] = start;
        bounds[size + 1] = end;
        size += 2;
    }

    /// Number of ranges.
    public int size() {
        return size >> 1;
    }

    /// First index of range `i`.
    public int start(int i) {
        return bounds[2 * i];
    }

    /// Index after the last of range `i`.
    public int end(int i) {
        return bounds[2 * i + 1];
    }
}
