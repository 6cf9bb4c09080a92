package io.chagres.nn.text.chars;

import org.eclipse.collections.impl.list.mutable.primitive.IntArrayList;

/// A trie over UTF-16 characters that maps strings to values ≥ 0. Nodes are numbered from [#ROOT];
/// one table from (node, character) to node holds all edges.
public final class CharTrie {
    /// The node of the empty string.
    public static final int ROOT = 0;

    /// No such node, or no value at a node.
    public static final int NONE = -1;

    private static final long MULTIPLIER = 0x9E3779B97F4A7C15L;

    // Edges in an open hash table: node and character, beside the child. No child is the root, so
    // that 0 marks a free place.
    private long[] edges = new long[16];
    private int[] children = new int[16];
    private int count;
    private final IntArrayList values = IntArrayList.newListWith(NONE);

    /// Maps `key` to `value`, replacing an earlier value.
    public void put(String key, int value) {
        int node = ROOT;
        for (int i = 0; i < key.length(); i++) {
            int next = child(node, key.charAt(i));
            if (next == NONE) {
                next = values.size();
                values.add(NONE);
                if (2 * ++count > edges.length) {
                    grow();
                }
                link(edge(node, key.charAt(i)), next);
            }
            node = next;
        }
        values.set(node, value);
    }

    private void grow() {
        long[] oldEdges = edges;
        int[] oldChildren = children;
        edges = new long[2 * oldEdges.length];
        children = new int[2 * oldEdges.length];
        for (int i = 0; i < oldEdges.length; i++) {
            if (oldChildren[i] != ROOT) {
                link(oldEdges[i], oldChildren[i]);
            }
        }
    }

    private void link(long edge, int child) {
        int at = slot(edge);
        while (children[at] != ROOT) {
            at = at + 1 & edges.length - 1;
        }
        edges[at] = edge;
        children[at] = child;
    }

    private int slot(long edge) {
        return (int) (edge * MULTIPLIER >>> 32) & edges.length - 1;
    }

    /// The node reached from `node` by `c`, or [#NONE].
    public int child(int node, char c) {
        long edge = edge(node, c);
        for (int at = slot(edge); children[at] != ROOT; at = at + 1 & edges.length - 1) {
            if (edges[at] == edge) {
                return children[at];
            }
        }
        return NONE;
    }

    /// The value at a node, or [#NONE].
    public int value(int node) {
        return values.get(node);
    }

    /// Whether nothing was put.
    public boolean isEmpty() {
        return count == 0;
    }

    private static long edge(int node, char c) {
        return (long) node << 16 | c;
    }
}
