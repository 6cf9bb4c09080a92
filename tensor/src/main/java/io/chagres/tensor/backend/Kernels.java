package io.chagres.tensor.backend;

import io.chagres.tensor.Tensor;
import io.chagres.tensor.op.Op;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The kernels of a backend: for each operation class a list, the preferred one first. Filled while
/// the backend is built, read-only afterwards.
public final class Kernels {
    private static final Logger LOG = LoggerFactory.getLogger(Kernels.class);

    private final Map<Class<?>, List<Kernel<?>>> table = new HashMap<>();
    private final Set<String> reported;

    /// An empty table.
    public Kernels() {
        this(ConcurrentHashMap.newKeySet());
    }

    private Kernels(Set<String> reported) {
        this.reported = reported;
    }

    /// Adds a kernel after those already there for the same operation.
    public <O extends Op> Kernels add(Class<O> op, Kernel<? super O> kernel) {
        table.computeIfAbsent(op, k -> new ArrayList<>()).add(kernel);
        return this;
    }

    /// The first kernel that supports the operation on these inputs; null when none does. That an
    /// operation falls back to its decomposition although kernels exist is logged once.
    @SuppressWarnings("unchecked")
    public <O extends Op> @Nullable Kernel<O> find(O op, Tensor[] in) {
        List<Kernel<?>> list = table.get(key(op));
        if (list == null) {
            return null;
        }
        for (Kernel<?> k : list) {
            Kernel<O> kernel = (Kernel<O>) k;
            if (kernel.supports(op, in)) {
                return kernel;
            }
        }
        report(op, in);
        return null;
    }

    /// Whether there is a kernel for the operation, on some inputs.
    public boolean has(Op op) {
        return table.containsKey(key(op));
    }

    /// Names of the operations that have a kernel, sorted.
    public Set<String> operations() {
        Set<String> names = new TreeSet<>();
        table.keySet().forEach(c -> names.add(c.getSimpleName()));
        return names;
    }

    /// The same table with kernels that support the same and want the same temporary memory, but
    /// compute nothing.
    public Kernels withoutComputing() {
        Kernels same = new Kernels(reported);
        table.forEach((op, list) -> {
            List<Kernel<?>> idle = new ArrayList<>();
            list.forEach(k -> idle.add(new Idle<>(k)));
            same.table.put(op, idle);
        });
        return same;
    }

    private record Idle<O extends Op>(Kernel<O> like) implements Kernel<O> {
        @Override
        public void run(O op, Tensor[] in, Tensor[] out, long scratch) {}

        @Override
        public boolean supports(O op, Tensor[] in) {
            return like.supports(op, in);
        }

        @Override
        public long scratchBytes(O op, Tensor[] in) {
            return like.scratchBytes(op, in);
        }
    }

    private static Class<?> key(Op op) {
        return op instanceof Enum<?> e ? e.getDeclaringClass() : op.getClass();
    }

    private void report(Op op, Tensor[] in) {
        StringBuilder what = new StringBuilder(op.getClass().getSimpleName());
        for (Tensor t : in) {
            what.append(' ').append(t.dtype()).append(t.layout().isContiguous() ? "" : "(strided)");
        }
        if (reported.size() < 256 && reported.add(what.toString())) {
            LOG.info("no kernel for {}: decomposed, slower", what);
        }
    }
}
