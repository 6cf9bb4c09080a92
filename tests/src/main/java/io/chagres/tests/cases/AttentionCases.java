package io.chagres.tests.cases;

import static io.chagres.tests.cases.Input.bool;
import static io.chagres.tests.cases.Input.given;
import static io.chagres.tests.cases.Input.real;
import static io.chagres.tests.cases.Input.stream;

import io.chagres.tensor.DType;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Spec;
import io.chagres.tensor.op.Attention;
import io.chagres.tensor.op.AttentionBackward;
import io.chagres.tensor.op.PagedAttention;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;

/// Rows of attention.
final class AttentionCases {
    private static final double SCALE = 0.4;

    /// BF16 and F16 inputs are computed in F32 and the result is rounded: two ways to compute it
    /// differ by a unit in the last place at most.
    private static final Tolerance FORWARD = new Tolerance(1e-11, 1e-5, 8e-3, 1e-3);

    /// dp - Σ g·o cancels, the more the longer the rows are.
    private static final Tolerance BACKWARD = new Tolerance(1e-11, 1e-4, 8e-3, 1.2e-3);

    private static final Tolerance LONG_BACKWARD = new Tolerance(1e-11, 2e-4, 8e-3, 1.2e-3);

    /// Pages of the paged rows: page, key head, slot, element.
    private static final Shape PAGES = Shape.of(6, 2, 4, 5);

    private static final int[][] TABLE = {{4, 1, 0}, {2, 5, 3}};
    private static final int[] LENGTHS = {6, 9};

    private AttentionCases() {}

    static List<OpCase> rows() {
        List<OpCase> rows = new ArrayList<>();
        add(rows, "", new Attention(SCALE, false, 0, false, false, 0), sizes(2, 5, 7, 2, 2));
        add(rows, " causal", new Attention(SCALE, true, 0, false, false, 0), sizes(2, 5, 5, 2, 2));
        add(
                rows,
                " of grouped queries",
                new Attention(SCALE, true, 0, false, false, 0),
                sizes(1, 6, 6, 6, 2));
        add(
                rows,
                " causal with a past",
                new Attention(SCALE, true, 0, false, false, 0),
                sizes(2, 3, 8, 4, 1));
        add(
                rows,
                " of one query",
                new Attention(SCALE, true, 0, false, false, 0),
                sizes(2, 1, 9, 2, 1));
        add(
                rows,
                " causal without any key for some",
                new Attention(SCALE, true, 0, false, false, 0),
                sizes(1, 6, 4, 2, 2));
        add(
                rows,
                " in a window",
                new Attention(SCALE, true, 3, false, false, 0),
                sizes(1, 8, 8, 2, 2));
        add(
                rows,
                " in a window, not causal",
                new Attention(SCALE, false, 2, false, false, 0),
                sizes(1, 5, 6, 2, 2));
        add(
                rows,
                " longer than a block",
                new Attention(SCALE, true, 0, false, false, 0),
                sizes(1, 70, 70, 2, 1));
        add(
                rows,
                " with an added mask",
                new Attention(SCALE, false, 0, true, false, 0),
                sizes(2, 4, 5, 2, 2),
                real(2, 1, 4, 5).asConstant());
        add(
                rows,
                " with an added wide mask",
                new Attention(SCALE, true, 0, true, false, 0),
                sizes(1, 40, 40, 4, 2),
                real(1, 4, 1, 40).asConstant().asWide());
        add(
                rows,
                " with a mask",
                new Attention(SCALE, true, 0, true, false, 0),
                sizes(2, 5, 5, 2, 2),
                bool(2, 1, 1, 5));
        add(
                rows,
                " with a mask for every score",
                new Attention(SCALE, false, 0, true, false, 0),
                sizes(2, 4, 5, 4, 2),
                bool(2, 4, 4, 5));
        add(
                rows,
                " of packed sequences",
                new Attention(SCALE, true, 0, false, true, 0),
                sizes(1, 9, 9, 2, 2),
                given(DType.I32, Shape.of(4), 0, 4, 5, 9));
        add(
                rows,
                " of packed sequences, both ways",
                new Attention(SCALE, false, 0, false, true, 0),
                sizes(1, 9, 9, 2, 1),
                given(DType.I32, Shape.of(3), 0, 3, 9));
        add(
                rows,
                " with dropout",
                new Attention(SCALE, true, 0, false, false, 0.25),
                sizes(2, 6, 6, 2, 2),
                stream(11, 5));
        add(
                rows,
                " with everything",
                new Attention(SCALE, true, 4, true, true, 0.1),
                sizes(1, 9, 9, 4, 2),
                bool(9, 9),
                given(DType.I32, Shape.of(3), 0, 4, 9),
                stream(3, 1));
        rows.add(paged("pagedAttention", 0, 2));
        rows.add(paged("pagedAttention of one query", 0, 1));
        rows.add(paged("pagedAttention in a window", 3, 3));
        rows.add(paged("pagedAttention of stored pages", 0, 2, Input::asWide));
        return rows;
    }

    /// B, T, S, H, Hkv.
    private static int[] sizes(int... sizes) {
        return sizes;
    }

    private static void add(
            List<OpCase> rows, String what, Attention op, int[] size, Input... extras) {
        int d = 8;
        int dv = what.isEmpty() ? 5 : d;
        Shape q = Shape.of(size[0], size[1], size[3], d);
        Shape k = Shape.of(size[0], size[2], size[4], d);
        Shape v = k.with(-1, dv);
        Shape o = q.with(-1, dv);
        Shape lse = Shape.of(size[0], size[3], size[1]);
        List<Input> forward = new ArrayList<>();
        forward.addAll(List.of(real(q, -2, 2), real(k, -2, 2), real(v, -2, 2)));
        List<Input> backward = new ArrayList<>(forward);
        double keys = Math.log(size[2]);
        backward.addAll(
                List.of(real(o, -1, 1), real(lse, keys + 1, keys + 3).asWide(), real(o, -1, 1)));
        forward.addAll(Arrays.asList(extras));
        backward.addAll(Arrays.asList(extras));
        OpCase row =
                OpCase.of("attention" + what, op, forward.toArray(Input[]::new))
                        .within(FORWARD)
                        .gradOf(0)
                        .rejects(q, k, v, q, q, q, q)
                        .rejects(q, k.with(-1, d + 1), v)
                        .rejects(q, k, v.with(1, size[2] + 1));
        if (extras.length == 0 && op.causal() && op.window() == 0 && size[1] == size[2]) {
            Shape large = Shape.of(4, 256, 6, 64);
            row = row.large(op, real(large, -2, 2), real(large, -2, 2), real(large, -2, 2));
        }
        rows.add(row);
        rows.add(
                OpCase.of(
                                "attentionBackward" + what,
                                new AttentionBackward(op),
                                backward.toArray(Input[]::new))
                        .within(size[1] > 20 ? LONG_BACKWARD : BACKWARD)
                        .rejects(q, k, v)
                        .rejects(q, k, v, o, lse.with(-1, size[1] + 1), o));
    }

    private static OpCase paged(String name, int window, int queries) {
        return paged(name, window, queries, q -> q);
    }

    private static OpCase paged(
            String name, int window, int queries, UnaryOperator<Input> ofQueries) {
        Shape q = Shape.of(2, queries, 4, 5);
        double[] table = new double[6];
        for (int i = 0; i < table.length; i++) {
            table[i] = TABLE[i / 3][i % 3];
        }
        return OpCase.of(
                        name,
                        new PagedAttention(SCALE, window),
                        ofQueries.apply(real(q, -2, 2)),
                        pages(),
                        pages(),
                        given(DType.I32, Shape.of(2, 3), table),
                        given(DType.I32, Shape.of(2), LENGTHS[0], LENGTHS[1]))
                .within(Tolerance.LONG)
                .rejects(q, PAGES, PAGES, Shape.of(3, 3), Shape.of(2))
                .rejects(q, PAGES, PAGES, Shape.of(2, 3), Shape.of(3))
                .rejects(q, PAGES.with(-1, 4), PAGES, Shape.of(2, 3), Shape.of(2))
                .rejects(q, PAGES, PAGES)
                .rejects(
                        new Spec(DType.BF16, q),
                        new Spec(DType.F32, PAGES),
                        new Spec(DType.F32, PAGES),
                        new Spec(DType.I32, Shape.of(2, 3)),
                        new Spec(DType.I32, Shape.of(2)));
    }

    /// Pages whose unused slots hold NaN, as fresh memory may.
    private static Input pages() {
        return Input.made(
                        PAGES,
                        (n, random) -> {
                            double[] v = new double[n];
                            Arrays.fill(v, Double.NaN);
                            for (int b = 0; b < TABLE.length; b++) {
                                for (int s = 0; s < LENGTHS[b]; s++) {
                                    for (int h = 0; h < 2; h++) {
                                        int row = (TABLE[b][s / 4] * 2 + h) * 4 + s % 4;
                                        for (int i = 0; i < 5; i++) {
                                            v[row * 5 + i] = random.nextDouble(-2, 2);
                                        }
                                    }
                                }
                            }
                            return v;
                        })
                .asConstant();
    }
}
