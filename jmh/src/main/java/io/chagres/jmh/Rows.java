package io.chagres.jmh;

import static io.chagres.tests.cases.Input.given;
import static io.chagres.tests.cases.Input.index;
import static io.chagres.tests.cases.Input.real;

import io.chagres.tensor.DType;
import io.chagres.tensor.Shape;
import io.chagres.tensor.op.Activation;
import io.chagres.tensor.op.ActivationBackward;
import io.chagres.tensor.op.AdamW;
import io.chagres.tensor.op.Attention;
import io.chagres.tensor.op.AttentionBackward;
import io.chagres.tensor.op.Cast;
import io.chagres.tensor.op.CrossEntropy;
import io.chagres.tensor.op.CrossEntropyBackward;
import io.chagres.tensor.op.IndexAdd;
import io.chagres.tensor.op.IndexSelect;
import io.chagres.tensor.op.LayerNorm;
import io.chagres.tensor.op.LayerNormBackward;
import io.chagres.tensor.op.Linear;
import io.chagres.tensor.op.MatMul;
import io.chagres.tensor.op.PagedAttention;
import io.chagres.tensor.op.RmsNorm;
import io.chagres.tensor.op.RmsNormBackward;
import io.chagres.tensor.op.Rope;
import io.chagres.tensor.op.Softmax;
import io.chagres.tensor.op.SumSquares;
import io.chagres.tensor.op.SwiGlu;
import io.chagres.tensor.op.SwiGluBackward;
import io.chagres.tests.cases.Input;
import io.chagres.tests.cases.OpCase;
import io.chagres.tests.cases.OpCases;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.DoubleStream;

/// What can be run: the large versions of the rows that prove the kernels, under the rows' names,
/// and shapes of real models, whose names end with their sizes.
final class Rows {
    private static final String TRANSPOSED = "matmul tn ";
    private static final double SCALE = 0.125;
    private static final Map<String, OpCase> ALL =
            all().stream().collect(Collectors.toMap(OpCase::name, row -> row));

    private Rows() {}

    /// The row of that name.
    ///
    /// @throws IllegalArgumentException when there is none
    static OpCase named(String name) {
        OpCase row = ALL.get(name);
        if (row == null) {
            throw new IllegalArgumentException("no row is called '" + name + "'");
        }
        return row;
    }

    /// Whether an input is seen with its two axes exchanged.
    static boolean isTransposed(OpCase row, int input) {
        return input == 0 && row.name().startsWith(TRANSPOSED);
    }

    private static List<OpCase> all() {
        List<OpCase> rows = new ArrayList<>();
        for (OpCase row : OpCases.all()) {
            if (!row.large().isEmpty()) {
                rows.add(row.large().getFirst());
            }
        }
        products(rows);
        attention(rows);
        perRow(rows);
        elements(rows);
        return rows;
    }

    private static void products(List<OpCase> rows) {
        for (int[] s :
                new int[][] {
                    {256, 256, 256}, {1024, 1024, 1024}, {2048, 384, 1536}, {1, 4096, 384}
                }) {
            rows.add(
                    OpCase.of(
                            "matmul " + sizes(s),
                            MatMul.INSTANCE,
                            real(s[0], s[2]),
                            real(s[2], s[1])));
        }
        rows.add(
                OpCase.of(
                        TRANSPOSED + "384x1536x2048",
                        MatMul.INSTANCE,
                        real(2048, 384),
                        real(2048, 1536)));
        for (int[] s :
                new int[][] {
                    {2048, 1536, 384},
                    {256, 50257, 768},
                    {1, 576, 1536},
                    {1, 49152, 576},
                    {4, 4864, 896},
                    {8, 896, 4864}
                }) {
            rows.add(
                    OpCase.of(
                            "linear " + sizes(s),
                            new Linear(false),
                            real(s[0], s[2]),
                            real(s[1], s[2])));
        }
    }

    private static void attention(List<OpCase> rows) {
        Attention op = new Attention(SCALE, true, 0, false, false, 0);
        for (int[] s : new int[][] {{4, 256, 12, 64}, {1, 1024, 12, 64}}) {
            Input x = real(s[0], s[1], s[2], s[3]);
            double keys = Math.log(s[1]);
            Input lse = real(Shape.of(s[0], s[2], s[1]), keys + 1, keys + 3);
            rows.add(OpCase.of("attention " + sizes(s), op, x, x, x));
            AttentionBackward back = new AttentionBackward(op);
            rows.add(OpCase.of("attentionBackward " + sizes(s), back, x, x, x, x, lse, x));
        }
        double[] table = DoubleStream.iterate(0, i -> i + 1).limit(32).toArray();
        Input pages = real(32, 12, 32, 64);
        rows.add(
                OpCase.of(
                        "pagedAttention 1024",
                        new PagedAttention(SCALE, 0),
                        real(1, 1, 12, 64),
                        pages,
                        pages,
                        given(DType.I32, Shape.of(1, 32), table),
                        given(DType.I32, Shape.of(1), 1024)));
        for (long t : new long[] {512, 1}) {
            rows.add(
                    OpCase.of(
                            "rope 1x" + t + "x14x64",
                            new Rope(false, false),
                            real(1, t, 14, 64),
                            real(t, 32),
                            real(t, 32)));
        }
    }

    private static void perRow(List<OpCase> rows) {
        Input x = real(2048, 384);
        Input w = real(384);
        Input row = real(2048);
        LayerNormBackward layerNorm = LayerNormBackward.INSTANCE;
        rows.add(OpCase.of("layerNorm 2048x384", new LayerNorm(1e-5), x, w, w));
        rows.add(OpCase.of("layerNormBackward 2048x384", layerNorm, x, w, row, row, x));
        Input big = real(8192, 4096);
        Input wide = real(4096);
        RmsNormBackward rmsNorm = RmsNormBackward.INSTANCE;
        rows.add(OpCase.of("rmsNorm 8192x4096", new RmsNorm(1e-6), big, wide));
        rows.add(OpCase.of("rmsNormBackward 8192x4096", rmsNorm, big, wide, real(8192), big));
        rows.add(OpCase.of("softmax 128x768", Softmax.INSTANCE, real(128, 768)));
        CrossEntropy loss = new CrossEntropy(CrossEntropy.IGNORE, 0);
        CrossEntropyBackward back = new CrossEntropyBackward(CrossEntropy.IGNORE, 0);
        for (int[] s : new int[][] {{2048, 4096}, {256, 50257}}) {
            Input logits = real(s[0], s[1]);
            Input targets = index(s[1], s[0]);
            Input perRow = real(s[0]);
            rows.add(OpCase.of("crossEntropy " + sizes(s), loss, logits, targets));
            rows.add(
                    OpCase.of(
                            "crossEntropyBackward " + sizes(s),
                            back,
                            logits,
                            targets,
                            perRow,
                            perRow));
        }
        Input table = real(49152, 576);
        Input ids = index(49152, 512);
        rows.add(OpCase.of("indexSelect 512 of 49152x576", IndexSelect.INSTANCE, table, ids));
        Input gradient = real(512, 576);
        rows.add(OpCase.of("indexAdd 512 of 49152x576", new IndexAdd(49152), gradient, ids));
    }

    private static void elements(List<OpCase> rows) {
        Activation gelu = Activation.GELU_TANH;
        Input x = real(2048, 1536);
        rows.add(OpCase.of("gelu_tanh 2048x1536", gelu, x));
        rows.add(
                OpCase.of(
                        "activationBackward of gelu_tanh 2048x1536",
                        new ActivationBackward(gelu),
                        x,
                        x));
        Input wide = real(512, 4864);
        rows.add(OpCase.of("swiGlu 512x4864", SwiGlu.INSTANCE, wide, wide));
        rows.add(OpCase.of("swiGluBackward 512x4864", SwiGluBackward.INSTANCE, wide, wide, wide));
        Input step = given(DType.F64, Shape.of(3), 1e-6, 3, 0.5);
        AdamW adamW = new AdamW(0.9, 0.95, 1e-8, 0.1);
        for (int n : new int[] {1 << 16, 1 << 24}) {
            Input p = real(n);
            Input v = real(Shape.of(n), 0, 1);
            rows.add(OpCase.of("adamW " + n, adamW, p, p, v, p, step));
        }
        rows.add(OpCase.of("sumSquares " + (1 << 24), SumSquares.INSTANCE, real(1 << 24)));
        for (int n : new int[] {1 << 20, 1 << 24}) {
            for (DType half : new DType[] {DType.BF16, DType.F16}) {
                cast(rows, DType.F32, half, n);
                cast(rows, half, DType.F32, n);
            }
        }
    }

    private static void cast(List<OpCase> rows, DType from, DType to, int n) {
        String name = "cast " + from + " to " + to + " " + n;
        rows.add(OpCase.of(name, new Cast(to), real(n).as(from)));
    }

    private static String sizes(int... sizes) {
        StringBuilder text = new StringBuilder();
        for (int s : sizes) {
            text.append(text.isEmpty() ? "" : "x").append(s);
        }
        return text.toString();
    }
}
