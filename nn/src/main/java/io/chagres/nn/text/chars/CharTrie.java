package io.chagres.nn.text.chars;

import org.eclipse.collections.impl.list.mutable.primitive.IntArrayList;
import org.eclipse.collections.impl.map.mutable.primitive.LongIntHashMap;

/// A trie over UTF-16 characters that maps strings to values ≥ 0. Nodes are numbered from [#ROOT];
/// one primitive map from (node, character) to node holds all edges.
public final class CharTrie {
    /// The node of the empty string.
    public static final int ROOT = 0;

    /// No such node, or no value at a node.
    public static final int NONE = -1;

    private final LongIntHashMap edges = new LongIntHashMap();
    private final IntArrayList values = IntArrayList.newListWith(NONE);

    /// Maps `key` to `value`, replacing an earlier value.
    public void put(String key, int value) {
        int node = ROOT;
        for (int i = 0; i < key.length(); i++) {
            int next = child(node, key.charAt(i));
            if (next == NONE) {
                next = values.size();
                values.add(NONE);
                edges.put(edge(node, key.charAt(i)), next);
            }
            node = next;
        }
        values.set(node, value);
    }

    /// The node reached from `node` by `c`, or [#NONE].
    public int child(int node, char c) {
        return edges.getIfAbsent(edge(node, c), NONE);
    }

    /// The value at a node, or [#NONE].
    public int value(int node) {
        return values.get(node);
    }

    /// Whether nothing was put.
    public boolean isEmpty() {
        return edges.isEmpty();
    }

    private static long edge(int node, char c) {
        return (long) node << 16 | c;
    }
}
