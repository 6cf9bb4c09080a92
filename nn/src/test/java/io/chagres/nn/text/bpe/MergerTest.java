package io.chagres.nn.text.bpe;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class MergerTest {
    @Test
    void scanAndHeapMergeLikeTheDefinition() {
        var random = new Random(5);
        for (int trial = 0; trial < 300; trial++) {
            int alphabet = 2 + random.nextInt(3);
            Map<List<Integer>, int[]> rules = rules(random, alphabet, random.nextInt(40));
            MergeTable table = table(rules);
            int[] word = random.ints(1 + random.nextInt(150), 0, alphabet).toArray();
            List<Integer> expected = byDefinition(word, rules);

            assertThat(run(new Merger(table), word, true)).isEqualTo(expected);
            assertThat(run(new Merger(table), word, false)).isEqualTo(expected);
        }
    }

    @Test
    void equalRanksMergeFromTheLeft() {
        var merger = new Merger(new MergeTable(new int[] {0}, new int[] {0}, new int[] {1}));
        assertThat(run(merger, new int[] {0, 0, 0}, true)).containsExactly(1, 0);
        assertThat(run(merger, new int[] {0, 0, 0}, false)).containsExactly(1, 0);
    }

    @Test
    void lengthsAddUp() {
        var merger = new Merger(new MergeTable(new int[] {0}, new int[] {1}, new int[] {2}));
        for (int i = 0; i < 100_000; i++) {
            merger.add(i & 1, 2);
        }
        merger.merge();
        assertThat(merger.size()).isEqualTo(50_000);
        assertThat(merger.length(7)).isEqualTo(4);
        merger.clear();
        assertThat(merger.size()).isZero();
    }

    private static List<Integer> run(Merger merger, int[] word, boolean scan) {
        merger.clear();
        for (int id : word) {
            merger.add(id, 1);
        }
        if (scan) {
            merger.mergeByScan();
        } else {
            merger.mergeByHeap();
        }
        List<Integer> ids = new ArrayList<>();
        int length = 0;
        for (int i = 0; i < merger.size(); i++) {
            ids.add(merger.id(i));
            length += merger.length(i);
        }
        assertThat(length).isEqualTo(word.length);
        return ids;
    }

    // Pairs of known symbols, each with its rank and a new symbol.
    private static Map<List<Integer>, int[]> rules(Random random, int alphabet, int count) {
        Map<List<Integer>, int[]> rules = new HashMap<>();
        int next = alphabet;
        for (int rank = 0; rank < count; rank++) {
            List<Integer> pair = List.of(random.nextInt(next), random.nextInt(next));
            if (rules.putIfAbsent(pair, new int[] {rules.size(), next}) == null) {
                next++;
            }
        }
        return rules;
    }

    private static MergeTable table(Map<List<Integer>, int[]> rules) {
        int[] left = new int[rules.size()];
        int[] right = new int[rules.size()];
        int[] result = new int[rules.size()];
        rules.forEach((pair, rule) -> {
            left[rule[0]] = pair.get(0);
            right[rule[0]] = pair.get(1);
            result[rule[0]] = rule[1];
        });
        return new MergeTable(left, right, result);
    }

    private static List<Integer> byDefinition(int[] word, Map<List<Integer>, int[]> rules) {
        List<Integer> ids = new ArrayList<>(Arrays.stream(word).boxed().toList());
        while (true) {
            int best = -1;
            int[] bestRule = {Integer.MAX_VALUE, 0};
            for (int i = 0; i + 1 < ids.size(); i++) {
                int[] rule = rules.get(List.of(ids.get(i), ids.get(i + 1)));
                if (rule != null && rule[0] < bestRule[0]) {
                    best = i;
                    bestRule = rule;
                }
            }
            if (best < 0) {
                return ids;
            }
            ids.set(best, bestRule[1]);
            ids.remove(best + 1);
        }
    }
}
