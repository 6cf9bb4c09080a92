package io.chagres.kernels.cpu.attention;

import io.chagres.kernels.cpu.attention.AttentionCall.MaskKind;
import io.chagres.kernels.cpu.vector.Lanes;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/// A call with random data in native memory. Everything that is written starts as a NaN of its own
/// bits, so that what a kernel forgets, or should not have touched, shows.
final class AttentionCase {
    /// Order of the axes in memory.
    enum Order {
        TOKENS_FIRST,
        HEADS_FIRST
    }

    static final int CANARY = 0x7FC12345;

    final AttentionCall call = new AttentionCall();
    final List<MemorySegment> written = new ArrayList<>();
    private final Arena arena;
    private final SplittableRandom random;

    AttentionCase(Arena arena, long seed) {
        this.arena = arena;
        this.random = new SplittableRandom(seed);
    }

    static AttentionCase of(Arena arena, int b, int h, int hkv, int t, int s, int d, int dv) {
        AttentionCase c = new AttentionCase(arena, 31L * t + s + d);
        c.call.batch = b;
        c.call.heads = h;
        c.call.kvHeads = hkv;
        c.call.queries = t;
        c.call.keys = s;
        c.call.headDim = d;
        c.call.valueDim = dv;
        c.call.scale = (float) (1 / Math.sqrt(d));
        return c;
    }

    AttentionCase causal() {
        call.causal = true;
        return this;
    }

    AttentionCase window(int w) {
        call.window = w;
        return this;
    }

    AttentionCase dropout(float p) {
        call.dropout = p;
        call.seed = 0x123456789ABCDEFL;
        call.offset = 0x700000005L;
        return this;
    }

    AttentionCase packed(int... lengths) {
        call.sequences = lengths.length;
        MemorySegment m = arena.allocate(4L * (lengths.length + 1), 4);
        int sum = 0;
        for (int i = 0; i < lengths.length; i++) {
            m.setAtIndex(ValueLayout.JAVA_INT, i, sum);
            sum += lengths[i];
        }
        m.setAtIndex(ValueLayout.JAVA_INT, lengths.length, sum);
        call.cuSeqlens = m.address();
        call.queries = sum;
        call.keys = sum;
        return this;
    }

    /// A mask of [B or 1, H or 1, T or 1, S], with its last two axes swapped in memory if asked.
    AttentionCase mask(MaskKind kind, boolean b, boolean h, boolean t, boolean swapped) {
        call.maskKind = kind;
        int queries = t ? call.queries : 1;
        int count = (b ? call.batch : 1) * (h ? call.heads : 1) * queries * call.keys;
        MemorySegment m = arena.allocate(4L * count, 64);
        for (int i = 0; i < count; i++) {
            boolean hide = random.nextInt(4) == 0;
            if (kind == MaskKind.BOOLEAN) {
                m.set(ValueLayout.JAVA_BYTE, i, (byte) (hide ? 0 : 1));
            } else {
                float value = hide ? Float.NEGATIVE_INFINITY : random.nextFloat() * 4 - 2;
                m.setAtIndex(ValueLayout.JAVA_FLOAT, i, value);
            }
        }
        call.mask = m.address();
        call.maskKey = swapped ? queries : 1;
        call.maskQuery = t ? (swapped ? 1 : call.keys) : 0;
        call.maskHead = h ? (long) queries * call.keys : 0;
        call.maskBatch = b ? (long) (h ? call.heads : 1) * queries * call.keys : 0;
        return this;
    }

    /// Hides every key from query t of all heads (needs a boolean mask over all queries).
    AttentionCase hide(int t) {
        for (int b = 0; b < call.batch; b++) {
            for (int h = 0; h < call.heads; h++) {
                for (int s = 0; s < call.keys; s++) {
                    Lanes.ALL.set(ValueLayout.JAVA_BYTE, maskAt(b, h, t, s), (byte) 0);
                }
            }
        }
        return this;
    }

    long maskAt(int b, int h, int t, int s) {
        long element =
                b * call.maskBatch + h * call.maskHead + t * call.maskQuery + s * call.maskKey;
        return call.mask + call.maskBytes() * element;
    }

    /// Allocates all tensors with `gap` unused floats after each row.
    AttentionCase data(Order order, int gap) {
        AttentionCall c = call;
        rows(c.q, order, c.queries, c.heads, c.headDim, gap, true);
        rows(c.k, order, c.keys, c.kvHeads, c.headDim, gap, true);
        rows(c.v, order, c.keys, c.kvHeads, c.valueDim, gap, true);
        rows(c.gradO, order, c.queries, c.heads, c.valueDim, gap, true);
        rows(c.o, order, c.queries, c.heads, c.valueDim, gap, false);
        rows(c.gradQ, order, c.queries, c.heads, c.headDim, gap, false);
        rows(c.gradK, order, c.keys, c.kvHeads, c.headDim, gap, false);
        rows(c.gradV, order, c.keys, c.kvHeads, c.valueDim, gap, false);
        MemorySegment lse = arena.allocate(4L * c.batch * c.heads * c.queries + 4, 4);
        written.add(lse);
        c.lse = lse.address();
        return this;
    }

    AttentionCase data() {
        return data(Order.TOKENS_FIRST, 0);
    }

    private void rows(Rows r, Order order, int tokens, int heads, int dim, int gap, boolean fill) {
        int row = dim + gap;
        long count = (long) call.batch * tokens * heads * row + 1;
        // One float past a cache line: nothing may rely on alignment.
        MemorySegment m = arena.allocate(4 * count, 64).asSlice(4);
        boolean tokensFirst = order == Order.TOKENS_FIRST;
        r.set(
                m.address(),
                (long) tokens * heads * row,
                tokensFirst ? (long) heads * row : row,
                tokensFirst ? row : (long) tokens * row);
        if (fill) {
            for (long i = 0; i < count - 1; i++) {
                float value = (float) (random.nextDouble() * 2 - 1);
                m.setAtIndex(
                        ValueLayout.JAVA_FLOAT_UNALIGNED, i, i % row < dim ? value : Float.NaN);
            }
        } else {
            written.add(m);
        }
    }

    /// Makes every output what it was before a kernel ran.
    void clear() {
        for (MemorySegment m : written) {
            for (long i = 0; i < m.byteSize(); i += 4) {
                m.set(ValueLayout.JAVA_INT_UNALIGNED, i, CANARY);
            }
        }
    }

    /// Bits of all outputs.
    int[] bits() {
        return written.stream()
                .flatMapToInt(
                        m -> java.util.Arrays.stream(m.toArray(ValueLayout.JAVA_INT_UNALIGNED)))
                .toArray();
    }

    static float get(Rows r, int b, int t, int h, int i) {
        return Lanes.ALL.get(Lanes.FLOAT, r.at(b, t, h) + 4L * i);
    }

    @Override
    public String toString() {
        return call.toString();
    }
}
