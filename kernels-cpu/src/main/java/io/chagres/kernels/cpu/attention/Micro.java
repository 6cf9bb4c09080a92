package io.chagres.kernels.cpu.attention;

import io.chagres.kernels.cpu.vector.Lanes;

/// Register-blocked products of small packed matrices, C = A B, in blocks of [#ROWS] rows by
/// [#PANEL] columns.
///
/// A is read as `[k][rows]`: `ka` bytes from one k to the next, the rows of a block side by side. B
/// is `[k][columns]` with `kb` bytes per k, C has `ldc` bytes per row. `groups` blocks of rows are
/// done one below the other; their A parts lie `groupBytes` apart.
///
/// Sums run over k in ascending order, so an element has the same bits at every vector width and
/// whatever block it was computed in.
final class Micro {
    /// Rows of a block. With two vectors of columns, 8 rows need 19 vector registers and 4 need 11.
    static final int ROWS = Lanes.BITS == 512 || isAarch64() ? 8 : 4;

    /// Columns of a block: two vectors.
    static final int PANEL = 2 * Lanes.N;

    /// Row length, in floats, of the score tiles that [#addTile] reads.
    static final int TILE = 64;

    private Micro() {}

    /// C = A B.
    static void product(
            int groups,
            long groupBytes,
            long a,
            long ka,
            long b,
            long kb,
            int k,
            long c,
            long ldc) {
        for (int g = 0; g < groups; g++) {
            if (ROWS == 8) {
                Micro8.product(a, ka, b, kb, k, c, ldc);
            } else {
                Micro4.product(a, ka, b, kb, k, c, ldc);
            }
            a += groupBytes;
            c += ROWS * ldc;
        }
    }

    /// C = C diag(scale) + A B: column j of C is first multiplied by the j-th float at `scale`.
    static void rescale(
            int groups,
            long groupBytes,
            long a,
            long ka,
            long b,
            long kb,
            int k,
            long c,
            long ldc,
            long scale) {
        for (int g = 0; g < groups; g++) {
            if (ROWS == 8) {
                Micro8.rescale(a, ka, b, kb, k, c, ldc, scale);
            } else {
                Micro4.rescale(a, ka, b, kb, k, c, ldc, scale);
            }
            a += groupBytes;
            c += ROWS * ldc;
        }
    }

    /// C = C + A B for one block of rows and `columns` columns, a multiple of [#PANEL].
    static void add(int columns, long a, long ka, long b, long kb, int k, long c, long ldc) {
        for (int j = 0; j < columns; j += PANEL) {
            if (ROWS == 8) {
                Micro8.add(a, ka, b + 4L * j, kb, k, c + 4L * j, ldc);
            } else {
                Micro4.add(a, ka, b + 4L * j, kb, k, c + 4L * j, ldc);
            }
        }
    }

    /// C = C + A B for one block of rows and `columns` columns, where row i of A is row i of a
    /// score tile, read along k.
    static void addTile(int columns, long a, long b, long kb, int k, long c, long ldc) {
        for (int j = 0; j < columns; j += PANEL) {
            if (ROWS == 8) {
                Micro8.addTile(a, 4, b + 4L * j, kb, k, c + 4L * j, ldc);
            } else {
                Micro4.addTile(a, 4, b + 4L * j, kb, k, c + 4L * j, ldc);
            }
        }
    }

    /// The next multiple of [#ROWS].
    static int roundRows(int n) {
        return (n + ROWS - 1) / ROWS * ROWS;
    }

    /// The next multiple of [#PANEL].
    static int roundPanel(int n) {
        return (n + PANEL - 1) / PANEL * PANEL;
    }

    private static boolean isAarch64() {
        return System.getProperty("os.arch", "").equals("aarch64");
    }
}
