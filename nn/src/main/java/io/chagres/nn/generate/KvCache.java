package io.chagres.nn.generate;

import io.chagres.nn.transformer.TransformerConfig;
import io.chagres.tensor.DType;
import io.chagres.tensor.Layout;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.memory.BudgetExceeded;
import io.chagres.tensor.memory.PagePool;
import io.chagres.tensor.memory.TensorArena;
import java.util.Arrays;

/// Keys and values of earlier tokens, in pages shared by all sequences: a sequence holds only the
/// pages it has filled, and gives them back when it is closed. A page covers [#PAGE_TOKENS] tokens
/// of every layer.
///
/// Used by one thread at a time. Kwon et al. 2023, arXiv:2309.06180.
public final class KvCache {
    /// Tokens per page.
    public static final int PAGE_TOKENS = 32;

    private final TransformerConfig config;
    private final PagePool pool;

    /// Reserves room for `maxTokens` tokens over all sequences.
    public KvCache(TransformerConfig config, TensorArena arena, int maxTokens) {
        this.config = config;
        pool = new PagePool(arena, pagesFor(maxTokens), bytes(config, PAGE_TOKENS));
        arena.source().fill(pool.storage().address(), pool.storage().bytes(), (byte) 0);
    }

    /// Bytes a cache for this many tokens takes.
    public static long bytes(TransformerConfig config, int maxTokens) {
        return 2L
                * config.numLayers()
                * config.kvWidth()
                * DType.F32.bytes()
                * pagesFor(maxTokens)
                * PAGE_TOKENS;
    }

    /// A sequence without tokens.
    public Sequence open() {
        return new Sequence();
    }

    /// Tokens there is still room for.
    public int availableTokens() {
        return pool.available() * PAGE_TOKENS;
    }

    /// Key pages of a layer, (pages, numKvHeads, PAGE_TOKENS, headDim).
    Tensor keys(int layer) {
        return pages(2L * layer);
    }

    /// Value pages of a layer.
    Tensor values(int layer) {
        return pages(2L * layer + 1);
    }

    /// A layer's keys or values of all pages lie together, page after page, which is what kernels
    /// want.
    private Tensor pages(long part) {
        int heads = config.numKvHeads();
        Shape shape = Shape.of(pool.pages(), heads, PAGE_TOKENS, config.headDim());
        Layout layout = Layout.of(shape, Layout.contiguous(shape).strides(), part * shape.size());
        return new Tensor(DType.F32, layout, pool.storage());
    }

    /// The tokens one prompt has in the cache.
    public final class Sequence implements AutoCloseable {
        private int[] pages = new int[8];
        private int held;
        private int length;
        private boolean closed;

        private Sequence() {}

        /// Tokens stored.
        public int length() {
            return length;
        }

        /// Makes room for more tokens and counts them as stored.
        ///
        /// @throws BudgetExceeded when the cache is full; the sequence is unchanged then
        void extend(int tokens) {
            if (closed) {
                throw new IllegalStateException("the sequence is closed");
            }
            int need = pagesFor(length + tokens) - held;
            if (need > pool.available()) {
                throw new BudgetExceeded(
                        "the KV cache is full: "
                                + tokens
                                + " more tokens need "
                                + need
                                + " pages of "
                                + PAGE_TOKENS
                                + " tokens, "
                                + pool.available()
                                + " are free");
            }
            for (int i = 0; i < need; i++) {
                if (held == pages.length) {
                    pages = Arrays.copyOf(pages, 2 * held);
                }
                pages[held++] = pool.take();
            }
            length += tokens;
        }

        int held() {
            return held;
        }

        int page(int i) {
            return i < held ? pages[i] : 0;
        }

        /// Forgets the newest tokens and gives back the pages that held only those.
        void truncate(int tokens) {
            while (held > pagesFor(tokens)) {
                pool.give(pages[--held]);
            }
            length = tokens;
        }

        /// Gives its pages back.
        @Override
        public void close() {
            truncate(0);
            closed = true;
        }
    }

    private static int pagesFor(int tokens) {
        return Math.ceilDiv(tokens, PAGE_TOKENS);
    }
}
