package io.chagres.nn.text.bpe;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.function.IntConsumer;
import org.eclipse.collections.impl.list.mutable.primitive.IntArrayList;
import org.eclipse.collections.impl.list.mutable.primitive.LongArrayList;
import org.eclipse.collections.impl.map.mutable.primitive.LongLongHashMap;
import org.eclipse.collections.impl.map.mutable.primitive.LongObjectHashMap;
import org.eclipse.collections.impl.map.mutable.primitive.ObjectIntHashMap;

/// Learns the merges of a byte-pair encoding from counted words (Sennrich et al. 2016).
///
/// The most frequent pair of neighbours becomes a token, over and over; of equally frequent pairs
/// the one with the smaller ids. Counts are kept up to date: a merge visits only the words that
/// hold its pair, and the queue is corrected when an outdated count comes to its top. The order of
/// steps is that of Hugging Face's trainer, so equal counts give equal merges.
public final class BpeLearner {
    /// A pair waiting to be merged.
    ///
    /// @param pair left id in the upper half, right id in the lower
    /// @param count how often it occurred when it was queued
    /// @param words indices of words that hold it
    private record Candidate(long pair, long count, IntArrayList words) {}

    private static final Comparator<Candidate> MOST_FREQUENT =
            Comparator.comparingLong(Candidate::count)
                    .reversed()
                    .thenComparingLong(Candidate::pair);

    // Words as runs of symbols in one array; merging shortens a run in place.
    private final IntArrayList symbols = new IntArrayList();
    private final IntArrayList starts = new IntArrayList();
    private final IntArrayList lengths = new IntArrayList();
    private final LongArrayList counts = new LongArrayList();

    private final LongLongHashMap pairCounts = new LongLongHashMap();
    private final LongObjectHashMap<IntArrayList> touched = new LongObjectHashMap<>();
    private final PriorityQueue<Candidate> queue = new PriorityQueue<>(MOST_FREQUENT);

    private final IntArrayList left = new IntArrayList();
    private final IntArrayList right = new IntArrayList();
    private final int prefix;

    /// A learner without words.
    ///
    /// @param prefix what tokens that continue a word begin with; a merge leaves out that of its
    ///   right part
    public BpeLearner(String prefix) {
        this.prefix = prefix.length();
    }

    /// Adds a word.
    ///
    /// @param ids its symbols, all part of the alphabet later given to [#learn]
    /// @param count how often it occurs
    public void add(int[] ids, long count) {
        starts.add(symbols.size());
        lengths.add(ids.length);
        symbols.addAll(ids);
        counts.add(count);
    }

    /// Learns until the vocabulary is full, or no pair is frequent enough.
    ///
    /// @param alphabet the tokens to begin with, whose ids are 0 to its size - 1
    /// @param vocabSize tokens wanted
    /// @param minFrequency how often a pair must occur to be merged
    /// @param progress told the size of the vocabulary now and then
    /// @return all tokens; their ids are their indices
    public List<String> learn(
            List<String> alphabet, int vocabSize, long minFrequency, IntConsumer progress) {
        var ids = new ObjectIntHashMap<String>(vocabSize);
        var tokens = new ArrayList<String>(alphabet);
        for (String token : alphabet) {
            ids.put(token, ids.size());
        }
        countPairs();
        while (ids.size() < vocabSize && !queue.isEmpty()) {
            Candidate top = queue.poll();
            long now = pairCounts.get(top.pair);
            if (now != top.count) {
                queue.add(new Candidate(top.pair, now, top.words));
                continue;
            }
            if (now < Math.max(1, minFrequency)) {
                break;
            }
            int a = (int) (top.pair >>> 32);
            int b = (int) top.pair;
            String merged = tokens.get(a) + tokens.get(b).substring(prefix);
            int id = ids.getIfAbsent(merged, -1);
            if (id < 0) {
                id = tokens.size();
                tokens.add(merged);
                ids.put(merged, id);
            }
            left.add(a);
            right.add(b);
            for (int i = 0; i < top.words.size(); i++) {
                merge(top.words.get(i), a, b, id);
            }
            enqueueTouched();
            if ((left.size() & 63) == 0) {
                progress.accept(ids.size());
            }
        }
        progress.accept(ids.size());
        return tokens;
    }

    /// Number of merges learnt.
    public int merges() {
        return left.size();
    }

    /// Left id of a merge.
    public int left(int rank) {
        return left.get(rank);
    }

    /// Right id of a merge.
    public int right(int rank) {
        return right.get(rank);
    }

    private void countPairs() {
        for (int word = 0; word < starts.size(); word++) {
            int from = starts.get(word);
            int last = from + lengths.get(word) - 1;
            for (int i = from; i < last; i++) {
                change(word, symbols.get(i), symbols.get(i + 1), 1);
            }
        }
        enqueueTouched();
    }

    private void enqueueTouched() {
        touched.forEachKeyValue((pair, words) -> {
            long count = pairCounts.get(pair);
            if (count > 0) {
                queue.add(new Candidate(pair, count, words));
            }
        });
        touched.clear();
    }

    private void merge(int word, int a, int b, int id) {
        int from = starts.get(word);
        int length = lengths.get(word);
        int kept = 0;
        for (int i = 0; i < length; i++) {
            int symbol = symbols.get(from + i);
            if (symbol == a && i + 1 < length && symbols.get(from + i + 1) == b) {
                if (kept > 0) {
                    int before = symbols.get(from + kept - 1);
                    change(word, before, a, -1);
                    change(word, before, id, 1);
                }
                i++;
                if (i + 1 < length) {
                    int after = symbols.get(from + i + 1);
                    change(word, b, after, -1);
                    change(word, id, after, 1);
                }
                symbol = id;
            }
            symbols.set(from + kept++, symbol);
        }
        lengths.set(word, kept);
    }

    private void change(int word, int a, int b, int times) {
        long pair = (long) a << 32 | b;
        pairCounts.addToValue(pair, times * counts.get(word));
        if (times > 0) {
            IntArrayList words = touched.getIfAbsentPut(pair, IntArrayList::new);
            if (words.isEmpty() || words.getLast() != word) {
                words.add(word);
            }
        }
    }
}
