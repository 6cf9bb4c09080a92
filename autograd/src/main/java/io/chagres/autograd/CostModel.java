package io.chagres.autograd;

import io.chagres.tensor.Interpreter;
import io.chagres.tensor.Spec;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.backend.Backend;
import io.chagres.tensor.op.Op;
import io.chagres.tensor.op.Update;
import io.chagres.tensor.op.View;
import java.util.HashMap;
import java.util.Map;

/// Predicts what operations cost, without computing them: the same code runs over tensors that have
/// a shape but no bytes, in arenas that account for memory as those of a real backend do. Since
/// every allocation and release happens as it would, so does the peak.
///
/// ```java
/// CostModel.Shapes shapes = CostModel.of(backend);
/// try (var weights = shapes.arena("weights"); var step = shapes.arena("step")) {
///     … // make a model in weights, take a training step in step
///     long bytes = weights.peak() + step.peak();
///     Cost cost = shapes.cost();
/// }
/// ```
///
/// Values read by the host are zero, so code whose course depends on them takes the course of
/// zeros. Counts are kept per backend; a backend of shapes is used by one thread at a time.
public final class CostModel extends Nested {
    /// A backend of tensors without bytes. Its kernels are those of a real one, as far as choice
    /// and temporary memory go.
    public static final class Shapes extends ShapeBackend {
        private final Map<Cost.Work, Long> counts = new HashMap<>();

        private Shapes(Backend like) {
            super(like);
        }

        /// What ran since this was last [cleared][#clear].
        public Cost cost() {
            return new Cost(counts);
        }

        /// Counts from nothing again.
        public void clear() {
            counts.clear();
        }

        @Override
        Interpreter counting(Interpreter inner) {
            return new CostModel(inner, counts);
        }
    }

    private final Map<Cost.Work, Long> counts;

    private CostModel(Interpreter inner, Map<Cost.Work, Long> counts) {
        super(inner);
        this.counts = counts;
    }

    /// A backend of shapes.
    ///
    /// @param like whose kernels are chosen, and whose temporary memory they want
    public static Shapes of(Backend like) {
        return new Shapes(like);
    }

    @Override
    public Tensor[] apply(Op op, Spec[] out, Tensor... in) {
        if (!(op instanceof View)) {
            boolean narrow = in.length > 0 && in[0].dtype().isNarrow();
            counts.merge(
                    new Cost.Work(Flops.of(op, out, in), narrow, bytes(op, out, in)),
                    1L,
                    Long::sum);
        }
        return inner.apply(op, out, in);
    }

    private static long bytes(Op op, Spec[] out, Tensor... in) {
        long bytes = 0;
        for (Tensor t : in) {
            bytes += Math.min(t.spec().bytes(), t.storage().bytes());
        }
        for (Spec s : out) {
            bytes += s.bytes();
        }
        if (op instanceof Update update) {
            for (int i : update.writes()) {
                bytes += in[i].spec().bytes();
            }
        }
        return bytes;
    }
}
