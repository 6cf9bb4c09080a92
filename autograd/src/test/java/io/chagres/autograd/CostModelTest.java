package io.chagres.autograd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.chagres.kernels.cpu.reference.ReferenceBackend;
import io.chagres.tensor.DType;
import io.chagres.tensor.Interpreter;
import io.chagres.tensor.Shape;
import io.chagres.tensor.ShapeMismatch;
import io.chagres.tensor.Spec;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.memory.TensorArena;
import io.chagres.tensor.op.Accumulate;
import io.chagres.tensor.op.Attention;
import io.chagres.tensor.op.Linear;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

class CostModelTest {
    private static final double TERA = 1e12;

    private final CostModel.Shapes shapes = CostModel.of(new ReferenceBackend());

    private static Tensor tensor(TensorArena arena, long... dims) {
        return Tensor.empty(arena, new Spec(DType.F32, Shape.of(dims)));
    }

    private Cost costOf(Consumer<TensorArena> body) {
        shapes.clear();
        try (TensorArena arena = shapes.arena("shapes")) {
            arena.call(() -> {
                body.accept(arena);
                return null;
            });
        }
        return shapes.cost();
    }

    @Test
    void tensorsMayBeLargerThanAnyMemory() {
        Cost cost = costOf(a -> tensor(a, 1 << 20, 1 << 20).matmul(tensor(a, 1 << 20, 1 << 20)));
        assertThat(cost.flops()).isEqualTo(2.0 * (1L << 40) * (1L << 20));
        assertThat(cost.narrowFlops()).isZero();
        assertThat(cost.bytes()).isEqualTo(3.0 * 4 * (1L << 40));
        assertThat(cost.operations()).isEqualTo(1);
    }

    @Test
    void productsOfAGradientCountTwice() {
        Cost cost =
                costOf(a -> {
                    Tensor x = tensor(a, 6, 5);
                    Tensor w = tensor(a, 7, 5);
                    Tape.valueAndGrad(
                            List.of(x, w), () -> Linear.linear(x, w, null).square().sum());
                });
        assertThat(cost.flops()).isEqualTo(3 * 2.0 * 6 * 5 * 7);
    }

    @Test
    void attentionCountsThePairsThatSeeEachOther() {
        for (int window : new int[] {0, 1, 3, 9}) {
            long pairs = 0;
            for (int q = 0; q < 6; q++) {
                for (int k = 0; k < 8; k++) {
                    boolean seen = k <= q + 2 && (window == 0 || k > q + 2 - window);
                    pairs += seen ? 1 : 0;
                }
            }
            Cost cost =
                    costOf(a ->
                            Interpreter.run(
                                    new Attention(1, true, window, false, false, 0),
                                    tensor(a, 2, 6, 4, 16),
                                    tensor(a, 2, 8, 2, 16),
                                    tensor(a, 2, 8, 2, 16)));
            assertThat(cost.flops())
                    .as("window %d", window)
                    .isEqualTo(2 * 2.0 * 2 * 4 * 16 * pairs);
        }
    }

    @Test
    void anAutocastMakesThemNarrow() {
        Cost cost =
                costOf(a -> {
                    Tensor x = tensor(a, 6, 5);
                    Tensor w = tensor(a, 7, 5);
                    Autocast.to(DType.BF16, () -> Linear.linear(x, w, null));
                });
        assertThat(cost.narrowFlops()).isEqualTo(cost.flops()).isEqualTo(2.0 * 6 * 5 * 7);
    }

    @Test
    void viewsAreFreeAndUpdatesWriteWhatTheyRead() {
        Cost cost =
                costOf(a -> {
                    Tensor x = tensor(a, 6, 5);
                    Accumulate.accumulate(x, x.transpose().reshape(5, 6).transpose());
                });
        assertThat(cost.bytes()).isEqualTo(3.0 * 4 * 30);
    }

    @Test
    void mistakesAreTheSame() {
        assertThatThrownBy(() -> costOf(a -> tensor(a, 2, 3).matmul(tensor(a, 2, 3))))
                .isInstanceOf(ShapeMismatch.class);
    }

    @Test
    void anOperationIsBoundByProductsOrByMemory() {
        Cost product = costOf(a -> tensor(a, 1000, 1000).matmul(tensor(a, 1000, 1000)));
        Cost sum = costOf(a -> tensor(a, 1000, 1000).add(tensor(a, 1000, 1000)));
        var rates = new Cost.Rates(TERA, 4 * TERA, TERA, 1e6);
        assertThat(product.seconds(rates)).isCloseTo(2e9 / TERA + 1e-6, within(1e-12));
        assertThat(sum.seconds(rates)).isCloseTo(12e6 / TERA + 1e-6, within(1e-12));
        assertThat(product.plus(sum, 3).seconds(rates))
                .isCloseTo(product.seconds(rates) + 3 * sum.seconds(rates), within(1e-12));
        assertThat(product.plus(product, -1).work()).isEmpty();
    }
}
