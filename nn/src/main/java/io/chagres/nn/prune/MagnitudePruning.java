package io.chagres.nn.prune;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Which single weights become 0: those of least magnitude, compared over the whole model, within a
/// matrix, or within a group of inputs. Han et al. 2015, arXiv:1506.02626.
public sealed interface MagnitudePruning {
    /// The part of the weights that becomes 0, from 0 to below 1.
    double sparsity();

    /// The same on the way there.
    ///
    /// @param sparsity the part of the weights that is 0 so far, at most [#sparsity]
    MagnitudePruning at(double sparsity);

    /// The least weights of the whole model, so that some matrices lose more than others.
    ///
    /// @param sparsity the part of all weights that becomes 0
    record Global(double sparsity) implements MagnitudePruning {
        /// Checks the number.
        public Global {
            check(sparsity);
        }

        @Override
        public Global at(double less) {
            return new Global(less);
        }
    }

    /// The least weights of each matrix, the same part of each. The experts of a mixture count as
    /// one matrix for each of their projections.
    ///
    /// @param sparsity the part of each matrix that becomes 0
    record Uniform(double sparsity) implements MagnitudePruning {
        /// Checks the number.
        public Uniform {
            check(sparsity);
        }

        @Override
        public Uniform at(double less) {
            return new Uniform(less);
        }
    }

    /// All but the N largest of every M successive inputs of each output, such as 2:4, which some
    /// GPUs multiply by at twice the speed. Mishra et al. 2021, arXiv:2104.08378. On the way there
    /// a group has lost as many as the sparsity so far is nearest to.
    ///
    /// @param kept N, from 1
    /// @param group M
    record Grouped(int kept, int group) implements MagnitudePruning {
        private static final int MOST = 1 << 16;
        private static final Pattern TEXT = Pattern.compile("([0-9]{1,6}):([0-9]{1,6})");

        /// Checks the numbers.
        public Grouped {
            if (kept < 1 || kept > group || group > MOST) {
                throw new IllegalArgumentException(
                        "a pattern N:M needs 1 <= N <= M <= %d, got %d:%d"
                                .formatted(MOST, kept, group));
            }
        }

        /// The pattern that a text names.
        ///
        /// @param text such as `2:4`
        /// @throws IllegalArgumentException when it is none
        public static Grouped of(String text) {
            Matcher m = TEXT.matcher(text.strip());
            if (!m.matches()) {
                throw new IllegalArgumentException("'" + text + "' is not N:M, such as 2:4");
            }
            return new Grouped(Integer.parseInt(m.group(1)), Integer.parseInt(m.group(2)));
        }

        @Override
        public double sparsity() {
            return (double) (group - kept) / group;
        }

        @Override
        public Grouped at(double less) {
            check(less);
            return new Grouped(group - Math.toIntExact(Math.round(less * group)), group);
        }

        @Override
        public String toString() {
            return kept + ":" + group;
        }
    }

    private static void check(double sparsity) {
        if (!(sparsity >= 0 && sparsity < 1)) {
            throw new IllegalArgumentException(
                    "sparsity must be from 0 to below 1, got " + sparsity);
        }
    }
}
