package io.chagres.kernels.gpu.kernel;

import io.chagres.kernels.gpu.driver.Launch;
import java.util.Arrays;

/// Where the elements of several operands lie, as `walk.cuh` reads it: common sizes and, per
/// operand, strides in elements. Axes of size 1 are dropped and neighbours merged where every
/// operand's strides allow it, so contiguous tensors become one axis.
final class Walk {
    /// Most axes of a kernel's walk.
    static final int RANK = 6;

    /// Most elements of a kernel's walk: 32-bit numbers count them.
    static final long LIMIT = 1L << 30;

    private final int rank;
    private final long[] dims; // outermost first
    private final long[][] strides;

    /// Launches a kernel on a part of a walk.
    interface Part {
        /// @param walk the part
        /// @param from where it begins in each operand, in elements
        void run(Walk walk, long[] from);
    }

    private Walk(int rank, long[] dims, long[][] strides) {
        this.rank = rank;
        this.dims = dims;
        this.strides = strides;
    }

    /// A walk over these sizes.
    ///
    /// @param strides one array per operand, as long as `sizes`
    static Walk of(long[] sizes, long[]... strides) {
        int n = strides.length;
        long[] dims = new long[sizes.length];
        long[][] st = new long[n][sizes.length];
        int r = 0;
        for (int d = 0; d < sizes.length; d++) {
            if (sizes[d] == 1) {
                continue;
            }
            boolean merge = r > 0;
            for (int i = 0; i < n && merge; i++) {
                merge = st[i][r - 1] == strides[i][d] * sizes[d];
            }
            if (merge) {
                r--;
                dims[r] *= sizes[d];
            } else {
                dims[r] = sizes[d];
            }
            for (int i = 0; i < n; i++) {
                st[i][r] = strides[i][d];
            }
            r++;
        }
        return new Walk(r, dims, st);
    }

    /// Number of elements.
    long count() {
        long c = 1;
        for (int d = 0; d < rank; d++) {
            c *= dims[d];
        }
        return c;
    }

    /// Whether neighbouring elements of an operand are neighbours in memory.
    boolean isDense(int operand) {
        return rank == 0 || strides[operand][rank - 1] == 1;
    }

    /// Splits the walk into parts that a kernel can do, in order.
    void forEach(Part part) {
        long count = count();
        if (count > 0) {
            split(count, new long[strides.length], part);
        }
    }

    /// The whole walk, which must be small enough for one launch.
    Walk single(String op) {
        if (rank > RANK || count() > LIMIT) {
            throw new UnsupportedOperationException(
                    op + ": more than " + RANK + " axes or 2^30 elements at once on a GPU");
        }
        return this;
    }

    private void split(long count, long[] from, Part part) {
        if (rank <= RANK && count <= LIMIT) {
            part.run(this, from);
            return;
        }
        long inner = count / dims[0];
        long step = rank > RANK ? 1 : Math.max(1, LIMIT / inner);
        for (long i = 0; i < dims[0]; i += step) {
            long n = Math.min(step, dims[0] - i);
            long[] at = from.clone();
            for (int k = 0; k < at.length; k++) {
                at[k] += i * strides[k][0];
            }
            long[] sizes = Arrays.copyOf(dims, rank);
            sizes[0] = n;
            long[][] same = new long[strides.length][];
            for (int k = 0; k < same.length; k++) {
                same[k] = Arrays.copyOf(strides[k], rank);
            }
            of(sizes, same).split(n * inner, at, part);
        }
    }

    /// Adds the struct to a kernel's parameters, the innermost axis first.
    Launch addTo(Launch launch) {
        launch.begin().add((int) count()).add(rank);
        for (int d = 0; d < RANK; d++) {
            launch.add(d < rank ? (int) dims[rank - 1 - d] : 1);
        }
        for (long[] s : strides) {
            for (int d = 0; d < RANK; d++) {
                launch.add(d < rank ? s[rank - 1 - d] : 0L);
            }
        }
        return launch.end();
    }

    /// Blocks of 256 threads for one thread per element.
    long blocks() {
        return (count() + 255) / 256;
    }
}
