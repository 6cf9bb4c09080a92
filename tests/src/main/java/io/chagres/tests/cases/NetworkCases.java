package io.chagres.tests.cases;

import static io.chagres.tests.cases.Input.given;
import static io.chagres.tests.cases.Input.real;
import static io.chagres.tests.cases.Input.stream;

import io.chagres.tensor.DType;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Spec;
import io.chagres.tensor.op.Activation;
import io.chagres.tensor.op.ActivationBackward;
import io.chagres.tensor.op.CrossEntropy;
import io.chagres.tensor.op.CrossEntropyBackward;
import io.chagres.tensor.op.Dropout;
import io.chagres.tensor.op.KlDivergence;
import io.chagres.tensor.op.KlDivergenceBackward;
import io.chagres.tensor.op.LayerNorm;
import io.chagres.tensor.op.LayerNormBackward;
import io.chagres.tensor.op.Linear;
import io.chagres.tensor.op.LogSoftmax;
import io.chagres.tensor.op.LogSoftmaxBackward;
import io.chagres.tensor.op.Op;
import io.chagres.tensor.op.RmsNorm;
import io.chagres.tensor.op.RmsNormBackward;
import io.chagres.tensor.op.Rope;
import io.chagres.tensor.op.Softmax;
import io.chagres.tensor.op.SoftmaxBackward;
import io.chagres.tensor.op.SumSquares;
import io.chagres.tensor.op.SumTo;
import io.chagres.tensor.op.SwiGlu;
import io.chagres.tensor.op.SwiGluBackward;
import java.util.ArrayList;
import java.util.List;

/// Rows of the composites that neural networks are made of, but for attention.
final class NetworkCases {
    private static final Shape ODD = Shape.of(2, 3, 37);

    /// 1 + tanh x and the like cancel far from 0.
    private static final Tolerance SLOPES = new Tolerance(1e-11, 3e-5, 0.1, 0.02);

    /// Results are F32 where inputs are BF16 or F16, and computed from them exactly so.
    private static final Tolerance WIDE_RESULT = new Tolerance(1e-12, 2e-6, 2e-6, 2e-6);

    private NetworkCases() {}

    static List<OpCase> rows() {
        List<OpCase> rows = new ArrayList<>();
        activations(rows);
        norms(rows);
        softmax(rows);
        crossEntropy(rows);
        divergence(rows);
        linear(rows);
        rope(rows);
        ropeOfWideTables(rows);
        blocks(rows);
        rows.add(
                OpCase.of("dropout", new Dropout(0.3), real(4, 9), stream(5, 17))
                        .twice()
                        .rejects(Shape.of(4, 9), Shape.of(3))
                        .rejects(f32(4), f32(2))
                        .rejects(Shape.of(4)));
        rows.add(
                OpCase.of("sumSquares", SumSquares.INSTANCE, real(3, 5), real(7), real())
                        .within(Tolerance.CHAIN)
                        .twice()
                        .rejects(new Shape[] {})
                        .rejects(f32(2), new Spec(DType.I32, Shape.of(2)))
                        .large(SumSquares.INSTANCE, real(1 << 20), real(1 << 18)));
        return rows;
    }

    private static void activations(List<OpCase> rows) {
        for (Activation a : Activation.values()) {
            rows.add(
                    chain(a.toString(), a, real(ODD, -5, 5))
                            .twice()
                            .rejects(Shape.of(2), Shape.of(2))
                            .rejects(new Spec(DType.I32, Shape.of(2)))
                            .large(a, real(1 << 20)));
            rows.add(
                    chain(
                                    "activationBackward of " + a,
                                    new ActivationBackward(a),
                                    real(ODD, -5, 5),
                                    real(ODD, -2, 2))
                            .within(SLOPES)
                            .twice()
                            .rejects(Shape.of(2), Shape.of(3))
                            .rejects(Shape.of(2))
                            .large(new ActivationBackward(a), real(1 << 20), real(1 << 20)));
        }
        rows.add(
                chain("swiGlu", SwiGlu.INSTANCE, real(ODD, -5, 5), real(ODD, -2, 2))
                        .twice()
                        .rejects(Shape.of(2), Shape.of(1))
                        .rejects(f32(2), new Spec(DType.F64, Shape.of(2)))
                        .large(SwiGlu.INSTANCE, real(1 << 20), real(1 << 20)));
        rows.add(
                chain(
                                "swiGluBackward",
                                SwiGluBackward.INSTANCE,
                                real(ODD, -5, 5),
                                real(ODD, -2, 2),
                                real(ODD, -1, 1))
                        .twice()
                        .rejects(Shape.of(2), Shape.of(2), Shape.of(1))
                        .rejects(Shape.of(2), Shape.of(2)));
    }

    private static void norms(List<OpCase> rows) {
        Shape row = ODD.without(-1);
        Shape c = Shape.of(37);
        rows.add(
                chain(
                                "layerNorm",
                                new LayerNorm(1e-5),
                                real(ODD, -2, 3),
                                real(c, 0.5, 1.5),
                                real(c, -1, 1))
                        .gradOf(0)
                        .twice()
                        .rejects(Shape.of(2, 8), Shape.of(8), Shape.of(7))
                        .rejects(Shape.of(2, 8), Shape.of(2), Shape.of(8))
                        .rejects(Shape.of(2, 8), Shape.of(8))
                        .large(new LayerNorm(1e-5), real(1024, 768), real(768), real(768)));
        rows.add(
                chain(
                                "layerNormBackward",
                                LayerNormBackward.INSTANCE,
                                real(ODD, -2, 3),
                                real(c, 0.5, 1.5),
                                real(row, 0, 1),
                                real(row, 0.5, 1.5),
                                real(ODD, -1, 1))
                        .within(Tolerance.LONG)
                        .twice()
                        .rejects(Shape.of(8), Shape.of(8), Shape.of(), Shape.of(), Shape.of(7))
                        .rejects(Shape.of(8), Shape.of(8), Shape.of(1), Shape.of(), Shape.of(8))
                        .large(
                                LayerNormBackward.INSTANCE,
                                real(1024, 768),
                                real(768),
                                real(1024),
                                real(1024),
                                real(1024, 768)));
        rows.add(
                chain("rmsNorm", new RmsNorm(1e-6), real(ODD, -2, 3), real(c, 0.5, 1.5))
                        .gradOf(0)
                        .twice()
                        .rejects(Shape.of(2, 8), Shape.of(7))
                        .rejects(Shape.of(), Shape.of())
                        .rejects(Shape.of(2, 8))
                        .large(new RmsNorm(1e-6), real(1024, 768), real(768)));
        rows.add(
                chain(
                                "rmsNormBackward",
                                RmsNormBackward.INSTANCE,
                                real(ODD, -2, 3),
                                real(c, 0.5, 1.5),
                                real(row, 0.5, 1.5),
                                real(ODD, -1, 1))
                        .within(Tolerance.LONG)
                        .twice()
                        .rejects(Shape.of(8), Shape.of(8), Shape.of(), Shape.of(7))
                        .rejects(Shape.of(8), Shape.of(8), Shape.of(8), Shape.of(8))
                        .large(
                                RmsNormBackward.INSTANCE,
                                real(1024, 768),
                                real(768),
                                real(1024),
                                real(1024, 768)));
    }

    private static void softmax(List<OpCase> rows) {
        rows.add(
                chain("softmax", Softmax.INSTANCE, real(ODD, -6, 6))
                        .twice()
                        .rejects(Shape.of())
                        .rejects(new Spec(DType.I32, Shape.of(2)))
                        .large(Softmax.INSTANCE, real(1024, 1024)));
        rows.add(
                chain(
                                "softmaxBackward",
                                SoftmaxBackward.INSTANCE,
                                real(ODD, 0, 0.1),
                                real(ODD, -2, 2))
                        .twice()
                        .rejects(Shape.of(3), Shape.of(4))
                        .large(SoftmaxBackward.INSTANCE, real(1024, 1024), real(1024, 1024)));
        rows.add(
                chain("logSoftmax", LogSoftmax.INSTANCE, real(ODD, -6, 6))
                        .twice()
                        .rejects(Shape.of())
                        .rejects(new Spec(DType.I32, Shape.of(2)))
                        .large(LogSoftmax.INSTANCE, real(1024, 1024)));
        rows.add(
                chain(
                                "logSoftmaxBackward",
                                LogSoftmaxBackward.INSTANCE,
                                real(ODD, -5, -3),
                                real(ODD, -2, 2))
                        .within(Tolerance.LONG)
                        .twice()
                        .rejects(Shape.of(3), Shape.of(4)));
    }

    private static void crossEntropy(List<OpCase> rows) {
        Shape n = Shape.of(5);
        Input targets = given(DType.I32, n, 3, 0, 36, -100, 7);
        Input logits = real(Shape.of(5, 37), -6, 6);
        for (double smoothing : new double[] {0, 0.1}) {
            String with = smoothing > 0 ? " with smoothing" : "";
            CrossEntropy op = new CrossEntropy(-100, smoothing);
            CrossEntropyBackward back = new CrossEntropyBackward(-100, smoothing);
            rows.add(
                    chain("crossEntropy" + with, op, logits, targets)
                            .within(WIDE_RESULT)
                            .gradOf(0)
                            .rejects(Shape.of(5, 37), Shape.of(4))
                            .rejects(Shape.of(5), Shape.of(5))
                            .rejects(f32(5, 37), f32(5))
                            .large(op, real(1024, 4096), Input.index(4096, 1024)));
            rows.add(
                    chain(
                                    "crossEntropyBackward" + with,
                                    back,
                                    logits,
                                    targets,
                                    real(n, 6, 8).asWide(),
                                    real(n, -1, 1).asWide())
                            .within(new Tolerance(1e-11, 1e-5, 4e-3, 5e-4))
                            .rejects(Shape.of(5, 37), Shape.of(5), Shape.of(4), Shape.of(5))
                            .rejects(Shape.of(5, 37), Shape.of(5), Shape.of(5))
                            .large(
                                    back,
                                    real(1024, 4096),
                                    Input.index(4096, 1024),
                                    real(Shape.of(1024), 8, 9),
                                    real(1024)));
        }
        rows.add(
                chain(
                                "crossEntropy of I64 targets",
                                new CrossEntropy(0, 0),
                                logits,
                                given(DType.I64, n, 0, 1, 2, 0, 36))
                        .gradOf(0));
    }

    private static void divergence(List<OpCase> rows) {
        Input logits = real(Shape.of(5, 37), -6, 6);
        Input teacher = real(Shape.of(5, 37), -4, 4).asConstant();
        for (double temperature : new double[] {1, 2.5}) {
            String at = " at temperature " + temperature;
            KlDivergence op = new KlDivergence(temperature);
            KlDivergenceBackward back = new KlDivergenceBackward(temperature);
            rows.add(
                    chain("klDivergence" + at, op, logits, teacher)
                            .within(WIDE_RESULT)
                            .rejects(Shape.of(5, 37), Shape.of(5, 36))
                            .rejects(Shape.of(5), Shape.of(5))
                            .rejects(Shape.of(5, 37))
                            .large(op, real(1024, 4096), real(1024, 4096)));
            rows.add(
                    chain(
                                    "klDivergenceBackward" + at,
                                    back,
                                    logits,
                                    teacher,
                                    real(Shape.of(5), -1, 1).asWide())
                            .rejects(Shape.of(5, 37), Shape.of(5, 37), Shape.of(4))
                            .rejects(Shape.of(5, 37), Shape.of(5, 36), Shape.of(5))
                            .large(back, real(1024, 4096), real(1024, 4096), real(1024)));
        }
    }

    private static void linear(List<OpCase> rows) {
        Linear plain = new Linear(false);
        Linear biased = new Linear(true);
        rows.add(
                chain("linear", plain, real(2, 3, 17), real(9, 17))
                        .twice()
                        .rejects(Shape.of(2, 3, 17), Shape.of(17, 9))
                        .rejects(Shape.of(2, 3, 17), Shape.of(17))
                        .rejects(Shape.of(2, 3, 17))
                        .large(plain, real(512, 768), real(3072, 768)));
        rows.add(
                chain("linear with bias", biased, real(5, 17), real(9, 17), real(9))
                        .twice()
                        .rejects(Shape.of(5, 17), Shape.of(9, 17), Shape.of(17))
                        .rejects(Shape.of(5, 17), Shape.of(9, 17))
                        .large(biased, real(512, 768), real(3072, 768), real(3072)));
        rows.add(chain("linear of a vector", biased, real(17), real(9, 17), real(9)).twice());
        rows.add(chain("linear of one row", plain, real(1, 64), real(33, 64)));
        rows.add(
                chain("linear of a stored weight", plain, real(3, 17).asWide(), real(9, 17))
                        .within(WIDE_RESULT)
                        .rejects(f32(3, 17), new Spec(DType.F64, Shape.of(9, 17)))
                        .rejects(new Spec(DType.BF16, Shape.of(3, 17)), f32(9, 17))
                        .rejects(
                                new Spec(DType.F64, Shape.of(3, 17)),
                                new Spec(DType.BF16, Shape.of(9, 17))));
        rows.add(
                chain(
                                "linear of a stored weight and bias",
                                biased,
                                real(70, 120).asWide(),
                                real(130, 120),
                                real(130))
                        .within(WIDE_RESULT)
                        .rejects(
                                f32(70, 120),
                                new Spec(DType.BF16, Shape.of(130, 120)),
                                new Spec(DType.F16, Shape.of(130))));
        rows.add(
                chain(
                                "linear of a stored weight and a wide bias",
                                biased,
                                real(2, 64).asWide(),
                                real(33, 64),
                                real(33).asWide())
                        .within(WIDE_RESULT));
    }

    private static void rope(List<OpCase> rows) {
        Shape x = Shape.of(2, 3, 2, 8);
        Shape table = Shape.of(3, 4);
        for (boolean interleaved : new boolean[] {false, true}) {
            for (boolean inverse : new boolean[] {false, true}) {
                String name =
                        "rope" + (interleaved ? " interleaved" : "") + (inverse ? " inverse" : "");
                rows.add(
                        chain(
                                        name,
                                        new Rope(interleaved, inverse),
                                        real(x, -2, 2),
                                        real(table, -1, 1).asConstant(),
                                        real(table, -1, 1).asConstant())
                                .twice()
                                .rejects(Shape.of(3, 2, 7), Shape.of(3, 3), Shape.of(3, 3))
                                .rejects(x, Shape.of(3, 8), Shape.of(3, 8))
                                .rejects(x, table, Shape.of(1, 4))
                                .rejects(x, table)
                                .large(
                                        new Rope(interleaved, inverse),
                                        real(4, 256, 6, 64),
                                        real(256, 32),
                                        real(256, 32)));
            }
        }
        rows.add(
                chain(
                        "rope with positions per sequence",
                        new Rope(false, false),
                        real(x, -2, 2),
                        real(2, 3, 4).asConstant(),
                        real(2, 3, 4).asConstant()));
    }

    private static void ropeOfWideTables(List<OpCase> rows) {
        Shape x = Shape.of(2, 300, 2, 8);
        for (boolean interleaved : new boolean[] {false, true}) {
            rows.add(
                    OpCase.of(
                                    "rope of wide tables" + (interleaved ? ", interleaved" : ""),
                                    new Rope(interleaved, interleaved),
                                    real(x, -2, 2),
                                    real(300, 4).asConstant().asWide(),
                                    real(300, 4).asConstant().asWide())
                            // ROUNDED, but for sums that cancel
                            .within(new Tolerance(1e-12, 2e-6, 4e-3, 5e-4)));
        }
    }

    /// Sizes that kernels split among threads and blocks, with something left over.
    private static void blocks(List<OpCase> rows) {
        Shape x = Shape.of(70, 300);
        Shape c = Shape.of(300);
        rows.add(chain("softmax in blocks", Softmax.INSTANCE, real(x, -6, 6)));
        rows.add(chain("logSoftmax in blocks", LogSoftmax.INSTANCE, real(3, 4001)));
        rows.add(
                chain("rmsNorm in blocks", new RmsNorm(1e-6), real(x, -2, 3), real(c, 0.5, 1.5))
                        .gradOf(0));
        rows.add(
                chain(
                                "layerNorm in blocks",
                                new LayerNorm(1e-5),
                                real(x, -2, 3),
                                real(c, 0.5, 1.5),
                                real(c, -1, 1))
                        .gradOf(0));
        rows.add(
                chain(
                                "crossEntropy in blocks",
                                new CrossEntropy(-100, 0.05),
                                real(x, -6, 6),
                                Input.index(300, 70))
                        .gradOf(0));
        rows.add(
                chain(
                        "linear in blocks",
                        new Linear(true),
                        real(70, 120),
                        real(130, 120),
                        real(130)));
        rows.add(chain("swiGlu in blocks", SwiGlu.INSTANCE, real(x, -5, 5), real(x, -2, 2)));
        rows.add(
                chain(
                        "swiGluBackward in blocks",
                        SwiGluBackward.INSTANCE,
                        real(x, -5, 5),
                        real(x, -2, 2),
                        real(x, -1, 1)));
        rows.add(chain("sum of many columns", new SumTo(Shape.of(1500)), real(70, 1500)));
        rows.add(chain("gelu in blocks", Activation.GELU, real(x, -5, 5)));
        rows.add(chain("dropout in blocks", new Dropout(0.2), real(x, -5, 5), stream(9, 2)));
    }

    private static OpCase chain(String name, Op op, Input... in) {
        return OpCase.of(name, op, in).within(Tolerance.CHAIN);
    }

    private static Spec f32(long... dims) {
        return new Spec(DType.F32, Shape.of(dims));
    }
}
