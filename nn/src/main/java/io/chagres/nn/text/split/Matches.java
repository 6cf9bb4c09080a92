package io.chagres.nn.text.split;

import org.eclipse.collections.impl.list.mutable.primitive.IntArrayList;

/// A range of text cut, without holes, into parts that match a delimiter and parts that do not.
final class Matches {
    private final IntArrayList starts = new IntArrayList();
    private final IntArrayList ends = new IntArrayList();
    private final IntArrayList flags = new IntArrayList();

    void clear() {
        starts.clear();
        ends.clear();
        flags.clear();
    }

    void add(int start, int end, boolean match) {
        if (start < end) {
            starts.add(start);
            ends.add(end);
            flags.add(match ? 1 : 0);
        }
    }

    int size() {
        return starts.size();
    }

    int start(int i) {
        return starts.get(i);
    }

    int end(int i) {
        return ends.get(i);
    }

    boolean isMatch(int i) {
        return flags.get(i) != 0;
    }
}
