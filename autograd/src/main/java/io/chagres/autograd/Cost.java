package io.chagres.autograd;

import java.util.HashMap;
import java.util.Map;

/// What some operations cost, as [CostModel] counts it.
///
/// @param work how often each amount of work came up
public record Cost(Map<Work, Long> work) {
    /// The work of one operation.
    ///
    /// @param flops floating-point operations of its products
    /// @param narrow whether these are in BF16 or F16
    /// @param bytes read and written
    public record Work(double flops, boolean narrow, long bytes) {}

    /// What a machine does in a second.
    ///
    /// @param wideFlops floating-point operations of products in F32
    /// @param narrowFlops of products in BF16 or F16
    /// @param bytes read and written
    /// @param operations operations started
    public record Rates(double wideFlops, double narrowFlops, double bytes, double operations) {}

    /// Copies the counts.
    public Cost {
        work = Map.copyOf(work);
    }

    /// Floating-point operations of products.
    public double flops() {
        return sum(w -> w.flops);
    }

    /// Those of products in BF16 and F16.
    public double narrowFlops() {
        return sum(w -> w.narrow ? w.flops : 0);
    }

    /// Bytes that operations read and write, each by itself.
    public double bytes() {
        return sum(w -> w.bytes);
    }

    /// Number of operations.
    public double operations() {
        return sum(w -> 1);
    }

    /// How long a machine takes when each operation is bound by its products or by its memory,
    /// whichever takes longer: the roofline of Williams et al. 2009.
    public double seconds(Rates rates) {
        return sum(w -> {
            double products = w.flops / (w.narrow ? rates.narrowFlops : rates.wideFlops);
            return Math.max(products, w.bytes / rates.bytes) + 1 / rates.operations;
        });
    }

    /// This and `times` as much as another.
    public Cost plus(Cost other, long times) {
        Map<Work, Long> both = new HashMap<>(work);
        other.work.forEach((w, n) -> both.merge(w, n * times, Long::sum));
        both.values().removeIf(n -> n == 0);
        return new Cost(both);
    }

    private interface Part {
        double of(Work w);
    }

    private double sum(Part part) {
        double sum = 0;
        for (Map.Entry<Work, Long> e : work.entrySet()) {
            sum += part.of(e.getKey()) * e.getValue();
        }
        return sum;
    }
}
