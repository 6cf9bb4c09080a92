package io.chagres.nn.text.chars;

import java.util.Arrays;

/// Token ids as they are produced, with their source ranges when *tracked*.
public final class TokenBuffer {
    private final boolean tracked;
    private int[] ids;
    private int[] starts;
    private int[] ends;
    private int size;

    /// An empty buffer.
    ///
    /// @param tracked whether ranges are kept
    /// @param capacity tokens expected
    public TokenBuffer(boolean tracked, int capacity) {
        this.tracked = tracked;
        int room = Math.max(8, capacity);
        ids = new int[room];
        starts = new int[tracked ? room : 0];
        ends = new int[tracked ? room : 0];
    }

    /// Whether ranges are kept.
    public boolean tracked() {
        return tracked;
    }

    /// Number of tokens.
    public int size() {
        return size;
    }

    /// Adds a token; only for buffers that are not tracked.
    public void add(int id) {
        if (size == ids.length) {
            grow(1);
        }
        ids[size++] = id;
    }

    /// Adds several tokens; only for buffers that are not tracked.
    public void addAll(int[] from, int count) {
        if (size + count > ids.length) {
            grow(count);
        }
        System.arraycopy(from, 0, ids, size, count);
        size += count;
    }

    /// Adds a token that stands for the source's characters `[start, end)`.
    public void add(int id, int start, int end) {
        insert(size, id, start, end);
    }

    /// Inserts a token at `index`.
    public void insert(int index, int id, int start, int end) {
        if (size == ids.length) {
            grow(1);
        }
        shift(ids, index);
        ids[index] = id;
        if (tracked) {
            shift(starts, index);
            shift(ends, index);
            starts[index] = start;
            ends[index] = end;
        }
        size++;
    }

    /// Id of token `i`.
    public int id(int i) {
        return ids[i];
    }

    /// Source range start of token `i`; tracked buffers only.
    public int start(int i) {
        return starts[i];
    }

    /// Source range end of token `i`; tracked buffers only.
    public int end(int i) {
        return ends[i];
    }

    /// Changes the source range of token `i`; tracked buffers only.
    public void setRange(int i, int start, int end) {
        starts[i] = start;
        ends[i] = end;
    }

    /// Copy of all ids.
    public int[] ids() {
        return Arrays.copyOf(ids, size);
    }

    /// Copy of all range starts; tracked buffers only.
    public int[] starts() {
        return Arrays.copyOf(starts, size);
    }

    /// Copy of all range ends; tracked buffers only.
    public int[] ends() {
        return Arrays.copyOf(ends, size);
    }

    private void shift(int[] array, int index) {
        System.arraycopy(array, index, array, index + 1, size - index);
    }

    private void grow(int more) {
        int room = Math.max(size + more, ids.length + (ids.length >> 1));
        ids = Arrays.copyOf(ids, room);
        if (tracked) {
            starts = Arrays.copyOf(starts, room);
            ends = Arrays.copyOf(ends, room);
        }
    }
}
