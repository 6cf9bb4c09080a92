package io.chagres.nn.generate;

import io.chagres.nn.attention.AttentionKind;
import io.chagres.nn.transformer.TransformerConfig;
import io.chagres.tensor.DType;
import io.chagres.tensor.Layout;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.memory.BudgetExceeded;
import io.chagres.tensor.memory.PagePool;
import io.chagres.tensor.memory.TensorArena;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What layers keep of earlier tokens, in pages shared by all sequences: a sequence holds only the
/// pages it has filled, and gives them back when it is closed. A page covers [#PAGE_TOKENS] tokens
/// of every layer.
///
/// Used by one thread at a time. Kwon et al. 2023, arXiv:2309.06180.
public final class KvCache {
    /// Tokens per page.
    public static final int PAGE_TOKENS = 32;

    /// What a layer keeps of a token: a key and a value per head. A layer whose values are part of
    /// its keys, such as multi-head latent attention, has one head and no values.
    ///
    /// @param heads key/value heads
    /// @param keyDim elements of a key
    /// @param valueDim elements of a value; 0 for none
    public record Layer(int heads, int keyDim, int valueDim) {
        /// Checks the numbers.
        public Layer {
            if (heads < 1 || keyDim < 1 || valueDim < 0) {
                throw new IllegalArgumentException(
                        "a layer cannot keep %d heads of %d and %d elements"
                                .formatted(heads, keyDim, valueDim));
            }
        }

        private long elements() {
            return (long) heads * (keyDim + valueDim);
        }
    }

    private final List<Layer> layers;
    private final DType dtype;
    private final PagePool pool;

    /// Reserves room for `maxTokens` tokens over all sequences, kept as F32.
    public KvCache(TransformerConfig config, TensorArena arena, int maxTokens) {
        this(layers(config), arena, maxTokens, DType.F32);
    }

    /// Reserves room for `maxTokens` tokens over all sequences.
    ///
    /// @param dtype what keys and values are rounded to: F32, BF16 or F16
    public KvCache(List<Layer> layers, TensorArena arena, int maxTokens, DType dtype) {
        this.layers = List.copyOf(layers);
        this.dtype = dtype;
        pool = new PagePool(arena, pagesFor(maxTokens), bytes(layers, PAGE_TOKENS, dtype));
    }

    /// What the layers of a model keep.
    public static List<Layer> layers(TransformerConfig config) {
        return layers(config, false);
    }

    /// What the layers of a model keep.
    ///
    /// @param drafts whether the first module of multi-token prediction keeps something too, to
    ///   guess tokens by
    public static List<Layer> layers(TransformerConfig config, boolean drafts) {
        Layer layer =
                switch (config.attention()) {
                    case AttentionKind.Grouped _, AttentionKind.Hashed _ ->
                            new Layer(config.numKvHeads(), config.headDim(), config.headDim());
                    case AttentionKind.Latent latent -> new Layer(1, latent.cacheDim(), 0);
                };
        return Collections.nCopies(config.numLayers() + (drafts ? 1 : 0), layer);
    }

    /// Bytes a cache for this many tokens takes.
    public static long bytes(List<Layer> layers, int maxTokens, DType dtype) {
        long elements = layers.stream().mapToLong(Layer::elements).sum();
        return elements * dtype.bytes() * pagesFor(maxTokens) * PAGE_TOKENS;
    }

    /// Layers there is room for.
    int layerCount() {
        return layers.size();
    }

    /// A sequence without tokens.
    public Sequence open() {
        return new Sequence();
    }

    /// Tokens there is still room for.
    public int availableTokens() {
        return pool.available() * PAGE_TOKENS;
    }

    /// Tokens there is room for in all.
    public int capacity() {
        return pool.pages() * PAGE_TOKENS;
    }

    /// Bytes of the pages that sequences hold.
    public long usedBytes() {
        return (pool.pages() - pool.available()) * pool.pageBytes();
    }

    /// Bytes of the pages that a sequence holds; 0 for none.
    long bytesOf(@Nullable Sequence sequence) {
        return sequence == null ? 0 : sequence.held * pool.pageBytes();
    }

    /// Bytes of all pages.
    public long totalBytes() {
        return pool.pages() * pool.pageBytes();
    }

    /// Key pages of a layer, (pages, heads, PAGE_TOKENS, keyDim).
    Tensor keys(int layer) {
        Layer l = layers.get(layer);
        return pages(layer, 0, l.heads(), l.keyDim());
    }

    /// Value pages of a layer, (pages, heads, PAGE_TOKENS, valueDim).
    Tensor values(int layer) {
        Layer l = layers.get(layer);
        return pages(layer, (long) l.heads() * l.keyDim(), l.heads(), l.valueDim());
    }

    /// A layer's keys or values of all pages lie together, page after page, which is what kernels
    /// want.
    ///
    /// @param before elements of this layer that a token has before them
    private Tensor pages(int layer, long before, int heads, int dim) {
        long earlier = layers.subList(0, layer).stream().mapToLong(Layer::elements).sum() + before;
        Shape shape = Shape.of(pool.pages(), heads, PAGE_TOKENS, dim);
        long offset = earlier * pool.pages() * PAGE_TOKENS;
        Layout layout = Layout.of(shape, Layout.contiguous(shape).strides(), offset);
        return new Tensor(dtype, layout, pool.storage());
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
            reserve(tokens);
            length += tokens;
        }

        /// Pages it lacks for more tokens.
        int lacking(int tokens) {
            return Math.max(0, pagesFor(length + tokens) - held);
        }

        /// Makes room for more tokens.
        ///
        /// @throws BudgetExceeded when the cache is full; the sequence is unchanged then
        void reserve(int tokens) {
            if (closed) {
                throw new IllegalStateException("the sequence is closed");
            }
            int need = lacking(tokens);
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

    static int pagesFor(int tokens) {
        return Math.ceilDiv(tokens, PAGE_TOKENS);
    }
}
