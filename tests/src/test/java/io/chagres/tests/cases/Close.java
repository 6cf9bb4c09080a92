package io.chagres.tests.cases;

import static org.assertj.core.api.Assertions.assertThat;

import io.chagres.tensor.DType;
import java.util.Arrays;

/// Compares numbers: an error counts against the element's own size or the median one, whichever is
/// larger, so a few huge elements do not excuse the others.
final class Close {
    private Close() {}

    static void check(String what, double[] got, double[] want, double tolerance, DType as) {
        assertThat(got).as("%s: number of elements", what).hasSameSizeAs(want);
        double median = median(want);
        for (int i = 0; i < got.length; i++) {
            double w = want[i];
            double allowed = tolerance * Math.max(Math.abs(w), median);
            boolean same = got[i] == w || (Double.isNaN(got[i]) && Double.isNaN(w));
            boolean overflow = got[i] == largest(as) * Math.signum(w) && Math.abs(w) > limit(as);
            if (!same && !overflow && !(Math.abs(got[i] - w) <= allowed)) {
                assertThat(got[i])
                        .as(
                                "%s: element %d of %d; expected %s, got %s, allowed error %.3g",
                                what, i, got.length, w, got[i], allowed)
                        .isEqualTo(w);
            }
        }
    }

    private static double largest(DType as) {
        return as.isFloat() ? Double.POSITIVE_INFINITY : Double.NaN;
    }

    private static double limit(DType as) {
        return switch (as) {
            case F32 -> Float.MAX_VALUE;
            case BF16 -> 0x1.FEp127;
            case F16 -> 65504;
            default -> Double.MAX_VALUE;
        };
    }

    private static double median(double[] values) {
        double[] sizes =
                Arrays.stream(values)
                        .map(Math::abs)
                        .filter(v -> v > 0 && v < Double.POSITIVE_INFINITY)
                        .sorted()
                        .toArray();
        return sizes.length == 0 ? 1 : sizes[sizes.length / 2];
    }
}
