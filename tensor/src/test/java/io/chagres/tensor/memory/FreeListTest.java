package io.chagres.tensor.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class FreeListTest {
    /// The plainest way to do the same.
    private static final class Model {
        final TreeMap<Long, Long> gaps = new TreeMap<>();

        long take(long bytes) {
            long best = -1;
            long tightest = Long.MAX_VALUE;
            for (Map.Entry<Long, Long> e : gaps.entrySet()) {
                if (e.getValue() >= bytes && e.getValue() < tightest) {
                    best = e.getKey();
                    tightest = e.getValue();
                }
            }
            if (best >= 0) {
                gaps.remove(best);
                if (tightest > bytes) {
                    gaps.put(best + bytes, tightest - bytes);
                }
            }
            return best;
        }

        void give(long address, long bytes) {
            long from = address;
            long size = bytes;
            Map.Entry<Long, Long> left = gaps.lowerEntry(address);
            if (left != null && left.getKey() + left.getValue() == address) {
                gaps.remove(left.getKey());
                from = left.getKey();
                size += left.getValue();
            }
            Long right = gaps.remove(address + bytes);
            gaps.put(from, size + (right == null ? 0 : right));
        }
    }

    @Test
    void agreesWithAModel() {
        for (int seed = 0; seed < 20; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            FreeList list = new FreeList();
            Model model = new Model();
            List<long[]> taken = new ArrayList<>();
            for (int block = 0; block < 3; block++) {
                list.give(1000 + 10_000L * block, 5000);
                model.give(1000 + 10_000L * block, 5000);
            }
            for (int n = 0; n < 3000; n++) {
                if (taken.isEmpty() || random.nextInt(100) < 52) {
                    long bytes = 1L + random.nextInt(random.nextBoolean() ? 20 : 400);
                    long at = list.take(bytes);
                    assertThat(at).isEqualTo(model.take(bytes));
                    if (at >= 0) {
                        taken.add(new long[] {at, bytes});
                    }
                } else {
                    long[] range = taken.remove(random.nextInt(taken.size()));
                    list.give(range[0], range[1]);
                    model.give(range[0], range[1]);
                }
            }
            taken.forEach(r -> list.give(r[0], r[1]));
            for (int block = 0; block < 3; block++) {
                assertThat(list.take(5000)).isEqualTo(1000 + 10_000L * block);
            }
            assertThat(list.take(1)).isEqualTo(-1);
        }
    }

    @Test
    void theTightestGapIsTakenTheLowestAmongEquals() {
        FreeList list = new FreeList();
        list.give(0, 100);
        list.give(200, 50);
        list.give(300, 50);
        list.give(400, 60);
        assertThat(list.take(50)).isEqualTo(200);
        assertThat(list.take(50)).isEqualTo(300);
        assertThat(list.take(50)).isEqualTo(400);
        assertThat(list.take(50)).isEqualTo(0);
        assertThat(list.take(50)).isEqualTo(50);
        assertThat(list.take(11)).isEqualTo(-1);
        assertThat(list.take(10)).isEqualTo(450);
    }

    @Test
    void freeingTwiceIsAnError() {
        FreeList list = new FreeList();
        list.give(0, 10);
        assertThatThrownBy(() -> list.give(0, 10)).isInstanceOf(IllegalStateException.class);
        list.clear();
        assertThat(list.take(1)).isEqualTo(-1);
    }
}
