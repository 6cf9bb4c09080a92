package io.chagres.nn.text.bpe;

import java.util.Arrays;

/// Merges one word: the pair of lowest rank first, of equal pairs the leftmost, until none is left.
/// A workspace for one thread. Short words scan for the lowest rank; long ones keep a heap of
/// candidates over a linked list, so that time stays n log n.
final class Merger {
    private static final int SCAN_LIMIT = 64;
    private static final int KEPT_CAPACITY = 1 << 16;

    private final MergeTable merges;
    private int[] ids = new int[128];
    private int[] lengths = new int[128];
    private int size;

    private long[] ranked = new long[128]; // scan: the merge of each symbol with the next

    private int[] next = new int[0];
    private int[] previous = new int[0];
    private long[] heap = new long[0];
    private int heapSize;

    Merger(MergeTable merges) {
        this.merges = merges;
    }

    /// Forgets the word, and the memory that an unusually long one took.
    void clear() {
        if (ids.length > KEPT_CAPACITY) {
            ids = new int[128];
            lengths = new int[128];
            ranked = new long[128];
            next = new int[0];
            previous = new int[0];
            heap = new long[0];
        }
        size = 0;
    }

    /// Appends a symbol that stands for `length` bytes of the word.
    void add(int id, int length) {
        if (size == ids.length) {
            ids = Arrays.copyOf(ids, size * 2);
            lengths = Arrays.copyOf(lengths, size * 2);
        }
        ids[size] = id;
        lengths[size++] = length;
    }

    /// Number of symbols.
    int size() {
        return size;
    }

    /// Id of symbol `i`.
    int id(int i) {
        return ids[i];
    }

    /// Bytes of the word that symbol `i` stands for.
    int length(int i) {
        return lengths[i];
    }

    /// The symbols' ids, [#size] of them; read only.
    int[] ids() {
        return ids;
    }

    void merge() {
        if (size <= SCAN_LIMIT) {
            mergeByScan();
        } else {
            mergeByHeap();
        }
    }

    void mergeByScan() {
        if (ranked.length < size) {
            ranked = new long[ids.length];
        }
        int last = size - 1;
        for (int i = 0; i < last; i++) {
            ranked[i] = merges.find(ids[i], ids[i + 1]);
        }
        while (last > 0) {
            long best = MergeTable.NONE;
            int at = -1;
            for (int i = 0; i < last; i++) {
                if (ranked[i] < best) {
                    best = ranked[i];
                    at = i;
                }
            }
            if (at < 0) {
                break;
            }
            ids[at] = (int) best;
            lengths[at] += lengths[at + 1];
            int moved = last - at - 1;
            System.arraycopy(ids, at + 2, ids, at + 1, moved);
            System.arraycopy(lengths, at + 2, lengths, at + 1, moved);
            System.arraycopy(ranked, at + 1, ranked, at, moved);
            last--;
            if (at > 0) {
                ranked[at - 1] = merges.find(ids[at - 1], ids[at]);
            }
            if (at < last) {
                ranked[at] = merges.find(ids[at], ids[at + 1]);
            }
        }
        size = last + 1;
    }

    void mergeByHeap() {
        prepareHeap();
        while (heapSize > 0) {
            long top = pop();
            int at = (int) top;
            int right = next[at];
            // A candidate is stale when one of its symbols has merged with another since.
            if (lengths[at] == 0 || right < 0) {
                continue;
            }
            long merge = merges.find(ids[at], ids[right]);
            if (merge == MergeTable.NONE || merge >>> 32 != top >>> 32) {
                continue;
            }
            ids[at] = (int) merge;
            lengths[at] += lengths[right];
            lengths[right] = 0;
            next[at] = next[right];
            if (next[at] >= 0) {
                previous[next[at]] = at;
                offer(at, next[at]);
            }
            if (previous[at] >= 0) {
                offer(previous[at], at);
            }
        }
        int kept = 0;
        for (int i = 0; i >= 0 && i < size; i = next[i]) {
            ids[kept] = ids[i];
            lengths[kept++] = lengths[i];
        }
        size = kept;
    }

    private void prepareHeap() {
        if (next.length < size) {
            next = new int[ids.length];
            previous = new int[ids.length];
            heap = new long[ids.length * 2];
        }
        heapSize = 0;
        for (int i = 0; i < size; i++) {
            next[i] = i + 1 < size ? i + 1 : -1;
            previous[i] = i - 1;
        }
        for (int i = 0; i + 1 < size; i++) {
            offer(i, i + 1);
        }
    }

    // Candidates are rank << 32 | position: lowest rank first, leftmost of equals.
    private void offer(int left, int right) {
        long merge = merges.find(ids[left], ids[right]);
        if (merge == MergeTable.NONE) {
            return;
        }
        if (heapSize == heap.length) {
            heap = Arrays.copyOf(heap, heapSize * 2);
        }
        long key = merge >>> 32 << 32 | left;
        int at = heapSize++;
        while (at > 0 && heap[(at - 1) >> 1] > key) {
            heap[at] = heap[(at - 1) >> 1];
            at = (at - 1) >> 1;
        }
        heap[at] = key;
    }

    private long pop() {
        long top = heap[0];
        long key = heap[--heapSize];
        int at = 0;
        while (2 * at + 1 < heapSize) {
            int child = 2 * at + 1;
            if (child + 1 < heapSize && heap[child + 1] < heap[child]) {
                child++;
            }
            if (heap[child] >= key) {
                break;
            }
            heap[at] = heap[child];
            at = child;
        }
        heap[at] = key;
        return top;
    }
}
