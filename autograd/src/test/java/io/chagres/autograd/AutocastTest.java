package io.chagres.autograd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.chagres.tensor.DType;
import io.chagres.tensor.Interpreter;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Spec;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.TensorData;
import io.chagres.tensor.op.Activation;
import io.chagres.tensor.op.Assign;
import io.chagres.tensor.op.Attention;
import io.chagres.tensor.op.Binary;
import io.chagres.tensor.op.Cast;
import io.chagres.tensor.op.Composite;
import io.chagres.tensor.op.Concat;
import io.chagres.tensor.op.CrossEntropy;
import io.chagres.tensor.op.KvAppend;
import io.chagres.tensor.op.LayerNorm;
import io.chagres.tensor.op.Linear;
import io.chagres.tensor.op.LogSoftmax;
import io.chagres.tensor.op.MatMul;
import io.chagres.tensor.op.Op;
import io.chagres.tensor.op.PagedAttention;
import io.chagres.tensor.op.RmsNorm;
import io.chagres.tensor.op.Rope;
import io.chagres.tensor.op.Softmax;
import io.chagres.tensor.op.SwiGlu;
import io.chagres.tensor.op.Unary;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

class AutocastTest extends Work {
    private Tensor f32(double low, long seed, long... dims) {
        return in(DType.F32, false, low, seed, dims);
    }

    private Tensor bf16(double low, long seed, long... dims) {
        return in(DType.BF16, false, low, seed, dims);
    }

    private Tensor weight(double low, long seed, long... dims) {
        return in(DType.F32, true, low, seed, dims);
    }

    private Tensor in(DType dtype, boolean kept, double low, long seed, long... dims) {
        Shape shape = Shape.of(dims);
        double[] v = new SplittableRandom(seed).doubles(shape.size(), low, low + 1).toArray();
        return TensorData.copyOf(kept ? weights : step, dtype, shape, v);
    }

    private static DType dtypeOf(Supplier<Tensor> f) {
        return Autocast.to(DType.BF16, () -> f.get().dtype());
    }

    private static int casts(Runnable body) {
        return Profile.of(body).stream()
                .filter(t -> t.name().equals(Cast.class.getSimpleName()))
                .mapToInt(t -> (int) t.calls())
                .sum();
    }

    @Test
    void productsComputeInTheNarrowType() {
        run(() -> {
            Tensor x = f32(0, 1, 2, 3, 4);
            Tensor w = f32(0, 2, 5, 4);
            Tensor q = f32(0, 3, 1, 3, 2, 4);
            assertThat(dtypeOf(() -> x.matmul(f32(0, 4, 4, 5)))).isEqualTo(DType.BF16);
            assertThat(dtypeOf(() -> Linear.linear(x, w, f32(0, 5, 5)))).isEqualTo(DType.BF16);
            assertThat(dtypeOf(() -> Linear.linear(bf16(0, 6, 2, 4), w, null)))
                    .isEqualTo(DType.BF16);
            assertThat(dtypeOf(() -> Attention.causal(q, bf16(0, 7, 1, 3, 2, 4), q)))
                    .isEqualTo(DType.BF16);
            Tensor half = Autocast.to(DType.F16, () -> Linear.linear(x, w, null));
            assertThat(half.dtype()).isEqualTo(DType.F16);
        });
    }

    @Test
    void sumsAndExponentialsComputeInF32() {
        run(() -> {
            Tensor x = bf16(1, 1, 3, 4);
            Tensor w = bf16(0, 2, 4);
            Tensor targets = Tensor.of(step, Shape.of(3), 0, 3, 1);
            List<Supplier<Tensor>> all =
                    List.of(
                            () -> Softmax.softmax(x),
                            () -> Interpreter.run(LogSoftmax.INSTANCE, x),
                            () -> CrossEntropy.crossEntropy(x, targets),
                            () -> LayerNorm.layerNorm(x, w, f32(0, 3, 4), 1e-5),
                            () -> RmsNorm.rmsNorm(x, w, 1e-5),
                            x::exp,
                            x::log,
                            () -> Interpreter.run(Unary.RSQRT, x),
                            () -> Interpreter.run(Binary.POW, x, w),
                            x::sum,
                            () -> x.mean(0),
                            () -> x.cumSum(1));
            for (int i = 0; i < all.size(); i++) {
                assertThat(dtypeOf(all.get(i))).as("operation %d", i).isEqualTo(DType.F32);
            }
        });
    }

    @Test
    void everythingElseComputesInTheWidestTypeOfItsInputs() {
        run(() -> {
            Tensor narrow = bf16(0, 1, 3, 4);
            Tensor wide = f32(0, 2, 3, 4);
            assertThat(dtypeOf(() -> narrow.add(narrow))).isEqualTo(DType.BF16);
            assertThat(dtypeOf(() -> narrow.add(wide))).isEqualTo(DType.F32);
            assertThat(dtypeOf(() -> wide.mul(narrow))).isEqualTo(DType.F32);
            assertThat(dtypeOf(() -> Activation.GELU.of(narrow))).isEqualTo(DType.BF16);
            assertThat(dtypeOf(() -> SwiGlu.swiGlu(narrow, wide))).isEqualTo(DType.F32);
            assertThat(dtypeOf(() -> Concat.concat(0, wide, narrow))).isEqualTo(DType.F32);
            assertThat(dtypeOf(() -> narrow.scale(2).reshape(12))).isEqualTo(DType.BF16);
            Tensor half = in(DType.F16, false, 0, 3, 3, 4);
            assertThat(dtypeOf(() -> half.sub(narrow))).isEqualTo(DType.F32);
            Tensor heads = bf16(0, 4, 1, 3, 2, 4);
            Tensor table = f32(0, 5, 3, 2);
            assertThat(dtypeOf(() -> Rope.rope(heads, table, table, false))).isEqualTo(DType.BF16);
        });
    }

    @Test
    void aCacheKeepsItsDtype() {
        run(() -> {
            Tensor keys = in(DType.BF16, true, 0, 1, 2, 1, 4, 8);
            Tensor values = in(DType.BF16, true, 0, 2, 2, 1, 4, 8);
            Tensor table = Tensor.of(step, Shape.of(1, 1), 1);
            Tensor one = Tensor.of(step, Shape.of(1), 1);
            Tensor row = f32(0, 3, 1, 1, 1, 8);
            Tensor q = f32(0, 4, 1, 1, 2, 8);
            Tensor zero = Tensor.of(step, Shape.of(1), 0);
            Tensor o =
                    Autocast.to(
                            DType.BF16,
                            () -> {
                                Interpreter.runAll(
                                        KvAppend.INSTANCE, keys, values, row, row, table, zero);
                                return Interpreter.run(
                                        new PagedAttention(1, 0), q, keys, values, table, one);
                            });
            assertThat(o.slice(2, 1, 1).contiguous().toFloats())
                    .containsExactly(row.cast(DType.BF16).toFloats());
        });
    }

    @Test
    void doublesAreLeftAlone() {
        run(() -> {
            Tensor x = random(0, 1, 3, 3);
            assertThat(dtypeOf(() -> x.matmul(x))).isEqualTo(DType.F64);
            assertThat(dtypeOf(() -> x.exp().add(x))).isEqualTo(DType.F64);
            assertThatThrownBy(() -> dtypeOf(() -> x.add(f32(0, 2, 3, 3))))
                    .hasMessageContaining("one dtype");
        });
    }

    @Test
    void onlyNarrowFloatsCanBeComputedIn() {
        run(() ->
                assertThatThrownBy(() -> Autocast.to(DType.F32, () -> 1))
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessageContaining("F32"));
    }

    @Test
    void withoutAutocastDtypesDoNotMix() {
        run(() -> {
            Tensor x = f32(0, 1, 3, 4);
            Autocast.to(DType.BF16, () -> x.add(bf16(0, 2, 3, 4)));
            assertThatThrownBy(() -> x.add(bf16(0, 2, 3, 4))).hasMessageContaining("one dtype");
        });
    }

    private Tensor network(Tensor x, Tensor w, Tensor v, Tensor b) {
        Tensor h = Activation.GELU_TANH.of(Linear.linear(x, w, b));
        return Softmax.softmax(x.add(Linear.linear(h, v, null))).square().sum();
    }

    private List<double[]> bits(Tape.ValueAndGrad r) {
        List<double[]> all = new ArrayList<>();
        assertThat(r.value().dtype()).isEqualTo(DType.F32);
        all.add(r.value().toDoubles());
        for (Tensor g : r.grads()) {
            assertThat(g.dtype()).isEqualTo(DType.F32);
            all.add(g.toDoubles());
        }
        return all;
    }

    @Test
    void theOrderOfTapeAndAutocastDoesNotMatter() {
        Tensor w = weight(-0.5, 2, 6, 4);
        Tensor v = weight(-0.5, 3, 4, 6);
        Tensor b = weight(-0.5, 4, 6);
        run(() -> {
            Tensor x = f32(-0.5, 1, 5, 4);
            List<Tensor> wrt = List.of(x, w, v, b);
            Supplier<Tensor> f = () -> network(x, w, v, b);
            var inside = bits(Tape.valueAndGrad(wrt, () -> Autocast.to(DType.BF16, f::get)));
            var outside = bits(Autocast.to(DType.BF16, () -> Tape.valueAndGrad(wrt, f)));
            var around = new ArrayList<double[]>();
            Autocast.to(
                    DType.BF16,
                    () -> Profile.of(() -> around.addAll(bits(Tape.valueAndGrad(wrt, f)))));
            assertThat(outside).usingRecursiveComparison().isEqualTo(inside);
            assertThat(around).usingRecursiveComparison().isEqualTo(inside);
            var exact = bits(Tape.valueAndGrad(wrt, f));
            for (int i = 0; i < exact.size(); i++) {
                assertThat(inside.get(i)).as("result %d", i).isNotEqualTo(exact.get(i));
                for (int j = 0; j < exact.get(i).length; j++) {
                    assertThat(inside.get(i)[j]).isCloseTo(exact.get(i)[j], within(0.02));
                }
            }
        });
    }

    @Test
    void theBackwardPassRunsWithoutAutocast() {
        run(() -> {
            Tensor x = f32(0, 1, 3, 4);
            var seen = new ArrayList<DType>();
            Autocast.to(
                    DType.BF16,
                    () ->
                            Tape.valueAndGrad(
                                    List.of(x),
                                    () -> x.matmul(x.transpose()).sum(),
                                    (i, g) -> seen.add(g.matmul(x.transpose()).dtype())));
            assertThat(seen).containsExactly(DType.F32);
        });
    }

    @Test
    void aGradientHasItsLeafsDtype() {
        run(() -> {
            Tensor x = f32(0, 1, 3, 4);
            Tensor w = bf16(0, 2, 2, 4);
            var grads =
                    Tape.valueAndGrad(
                                    List.of(x, w),
                                    () ->
                                            Autocast.to(
                                                    DType.BF16,
                                                    () -> Linear.linear(x, w, null).sum()))
                            .grads();
            assertThat(grads.get(0).dtype()).isEqualTo(DType.F32);
            assertThat(grads.get(1).dtype()).isEqualTo(DType.BF16);
        });
    }

    @Test
    void aWeightIsCastOnceAndAnActivationOnceForItsNeighbours() {
        Tensor w = weight(0, 1, 4, 4);
        Tensor v = weight(0, 2, 4, 4);
        run(() -> {
            Tensor x = f32(0, 3, 3, 4);
            int casts =
                    casts(() ->
                            Autocast.to(
                                    DType.BF16,
                                    () -> {
                                        Linear.linear(x, w, null);
                                        Linear.linear(x, v, null);
                                        return Linear.linear(Linear.linear(x, w, null), v, null);
                                    }));
            assertThat(casts).isEqualTo(3);
        });
    }

    @Test
    void aTapeInsideAnAutocastHasCastsOfItsOwn() {
        Tensor w = weight(0, 1, 4, 4);
        run(() -> {
            Tensor x = f32(0, 3, 3, 4);
            Autocast.to(
                    DType.BF16,
                    () -> {
                        Linear.linear(x, w, null); // a cast that no tape has seen
                        for (int i = 0; i < 2; i++) {
                            var r =
                                    Tape.valueAndGrad(
                                            List.of(w), () -> Linear.linear(x, w, null).sum());
                            assertThat(r.grads().getFirst().toDoubles()).doesNotContain(0.0);
                        }
                        return 0;
                    });
        });
    }

    @Test
    void anUpdatedWeightIsCastAgain() {
        Tensor w = weight(0, 1, 4, 4);
        run(() -> {
            Tensor x = f32(0, 3, 3, 4);
            Autocast.to(
                    DType.BF16,
                    () -> {
                        double[] before = Linear.linear(x, w, null).toDoubles();
                        Assign.assign(w, w.scale(2));
                        double[] after = Linear.linear(x, w, null).toDoubles();
                        for (int i = 0; i < before.length; i++) {
                            assertThat(after[i]).isEqualTo(2 * before[i]);
                        }
                        return 0;
                    });
        });
    }

    @Test
    void nothingStaysBehind() {
        Tensor w = weight(0, 1, 64, 64);
        run(() -> {
            Tensor x = f32(0, 3, 3, 64);
            long before = step.used();
            Tape.valueAndGrad(
                    List.of(w),
                    () -> Autocast.to(DType.BF16, () -> Linear.linear(x, w, null).sum()),
                    (i, g) -> {});
            Autocast.to(
                    DType.BF16,
                    () ->
                            Tape.valueAndGrad(
                                    List.of(w),
                                    () -> Linear.linear(x, w, null).sum(),
                                    (i, g) -> {}));
            assertThat(step.used() - before).isLessThan(2L * 64 * 64);
        });
    }

    /// y = x Wᵀ + x, in other operations alone.
    private record Residual() implements Composite {
        @Override
        public Spec[] infer(Spec... in) {
            return new Spec[] {in[0]};
        }

        @Override
        public Tensor[] decompose(Tensor... in) {
            return new Tensor[] {in[0].add(in[0].matmul(in[1].transpose()))};
        }
    }

    /// Notes which operations reach it.
    private static final class Notes extends Nested {
        private final List<String> seen;

        Notes(Interpreter inner, List<String> seen) {
            super(inner);
            this.seen = seen;
        }

        @Override
        public Tensor[] apply(Op op, Spec[] out, Tensor... in) {
            if (op instanceof MatMul) {
                seen.add(in[0].dtype() + " " + in[1].dtype());
            }
            return inner.apply(op, out, in);
        }
    }

    @Test
    void aCompositeIsLookedInto() {
        Tensor w = weight(0, 1, 4, 4);
        run(() -> {
            Tensor x = f32(0, 3, 3, 4);
            List<String> seen = new ArrayList<>();
            new Notes(Interpreter.current(), seen)
                    .call(() ->
                            Autocast.to(
                                    DType.BF16,
                                    () -> {
                                        Tensor y = Interpreter.run(new Residual(), x, w);
                                        assertThat(y.dtype()).isEqualTo(DType.F32);
                                        return 0;
                                    }));
            assertThat(seen).containsExactly("BF16 BF16");
        });
    }

    @Test
    void secondDerivativesKeepTheDtypesOfTheFirst() {
        run(() -> {
            Tensor x = f32(0.5, 1, 3, 4);
            Tensor w = f32(-0.5, 2, 4, 4);
            var twice =
                    Autocast.to(
                            DType.BF16,
                            () ->
                                    Tape.valueAndGrad(
                                            List.of(x),
                                            () ->
                                                    Tape.valueAndGrad(
                                                                    List.of(x),
                                                                    () ->
                                                                            Linear.linear(
                                                                                            x, w,
                                                                                            null)
                                                                                    .square()
                                                                                    .sum())
                                                            .grads()
                                                            .getFirst()
                                                            .square()
                                                            .sum()));
            var exact =
                    Tape.valueAndGrad(
                            List.of(x),
                            () ->
                                    Tape.valueAndGrad(
                                                    List.of(x),
                                                    () -> Linear.linear(x, w, null).square().sum())
                                            .grads()
                                            .getFirst()
                                            .square()
                                            .sum());
            double[] want = exact.grads().getFirst().toDoubles();
            double[] got = twice.grads().getFirst().toDoubles();
            assertThat(twice.grads().getFirst().dtype()).isEqualTo(DType.F32);
            for (int i = 0; i < want.length; i++) {
                assertThat(got[i]).isCloseTo(want[i], within(0.2));
            }
        });
    }

    @Test
    void aStoredWeightGivesTheProductOfItsWidening() {
        run(() -> {
            Tensor x = f32(-0.5, 1, 3, 4);
            Tensor w = bf16(-0.5, 2, 5, 4);
            Tensor b = bf16(-0.5, 3, 5);
            Tensor y = Linear.linear(x, w, b);
            assertThat(y.dtype()).isEqualTo(DType.F32);
            Tensor wide = Linear.linear(x, w.cast(DType.F32), b.cast(DType.F32));
            assertThat(y.toDoubles()).isEqualTo(wide.toDoubles());
            var mixed =
                    Tape.valueAndGrad(
                            List.of(x, w, b), () -> Linear.linear(x, w, b).square().sum());
            var plain =
                    Tape.valueAndGrad(
                            List.of(x),
                            () ->
                                    Linear.linear(x, w.cast(DType.F32), b.cast(DType.F32))
                                            .square()
                                            .sum());
            assertThat(mixed.grads().get(0).toDoubles())
                    .isEqualTo(plain.grads().get(0).toDoubles());
            assertThat(mixed.grads().get(1).spec()).isEqualTo(w.spec());
            assertThat(mixed.grads().get(2).spec()).isEqualTo(b.spec());
        });
    }
}
