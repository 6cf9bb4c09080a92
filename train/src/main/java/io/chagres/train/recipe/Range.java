package io.chagres.train.recipe;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.List;

/// The values of a key that a search tries. They are texts, as a flag would give them.
public sealed interface Range {
    /// The value at a place in the range: equally likely places make the range's distribution.
    ///
    /// @param place from 0 to less than 1
    String at(double place);

    /// Some values, each equally likely.
    ///
    /// @param values one at least
    record Choice(List<String> values) implements Range {
        /// Copies the list.
        public Choice {
            values = List.copyOf(values);
        }

        @Override
        public String at(double place) {
            return values.get((int) (place * values.size()));
        }
    }

    /// Numbers between two others, rounded to four digits or to whole ones.
    ///
    /// @param low the least
    /// @param high the greatest, above `low`
    /// @param scale what is evenly spread
    /// @param whole whether only whole numbers are meant, both ends included
    record Between(double low, double high, Scale scale, boolean whole) implements Range {
        private static final MathContext DIGITS = new MathContext(4);

        @Override
        public String at(double place) {
            double from = whole ? low - 0.5 : low;
            double to = whole ? high + 0.5 : high;
            if (scale == Scale.LOG) {
                from = Math.max(from, whole ? 0.5 : from);
                double x = from * StrictMath.pow(to / from, place);
                return text(x);
            }
            return text(from + (to - from) * place);
        }

        private String text(double x) {
            double inside = Math.clamp(whole ? Math.rint(x) : x, low, high);
            BigDecimal exact = BigDecimal.valueOf(inside);
            if (whole) {
                return exact.setScale(0).toPlainString();
            }
            // an end stays what it is, however many digits it has
            boolean end = inside == low || inside == high;
            return (end ? exact : exact.round(DIGITS)).stripTrailingZeros().toString();
        }
    }

    /// What is evenly spread in a range of numbers.
    enum Scale {
        /// The numbers.
        LINEAR,
        /// Their logarithms.
        LOG
    }
}
