package io.chagres.ptx.machine;

import java.util.HashMap;
import java.util.Map;

/// Who has synchronised with whom in a block: a vector clock for each warp.
///
/// Entry `u` of warp `v`'s clock is the last time of `u` that `v` is ordered after (Lamport's
/// happened-before, with the epochs of Flanagan and Freund's FastTrack in the shadow memory). Times
/// are ticks of the block, so they grow over all warps.
final class Clocks {
    private final int[][] clock;
    private int tick;
    private final Map<Long, int[]> objects = new HashMap<>();

    Clocks(int warps) {
        clock = new int[warps][warps];
        for (int w = 0; w < warps; w++) {
            clock[w][w] = ++tick;
        }
    }

    /// The own time of a warp.
    int now(int warp) {
        return clock[warp][warp];
    }

    /// Whether `warp` comes after what `other` did at `time`.
    boolean after(int warp, int other, int time) {
        return time <= clock[warp][other];
    }

    /// Whether some other warp's step at `time` may still be unordered to every other one.
    boolean unseen(int warp, int time) {
        for (int u = 0; u < clock.length; u++) {
            if (u != warp && time <= clock[warp][u]) {
                return false;
            }
        }
        return true;
    }

    /// The warps meet.
    void meet(Iterable<Warp> warps) {
        int[] most = new int[clock.length];
        for (Warp w : warps) {
            join(most, clock[w.id]);
        }
        for (Warp w : warps) {
            join(clock[w.id], most);
            step(w.id);
        }
    }

    /// The lanes of a warp meet, or it does anything that others may order after.
    void step(int warp) {
        clock[warp][warp] = ++tick;
    }

    /// What `warp` did so far is ordered before whoever acquires `object`.
    void release(int warp, long object) {
        join(objects.computeIfAbsent(object, x -> new int[clock.length]), clock[warp]);
        step(warp);
    }

    /// `warp` is ordered after all who released `object`.
    void acquire(int warp, long object) {
        int[] o = objects.get(object);
        if (o != null) {
            int own = clock[warp][warp];
            join(clock[warp], o);
            clock[warp][warp] = own;
        }
    }

    private static void join(int[] into, int[] from) {
        for (int i = 0; i < into.length; i++) {
            into[i] = Math.max(into[i], from[i]);
        }
    }
}
