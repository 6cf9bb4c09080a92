package io.chagres.ptx.compile;

import io.chagres.ptx.machine.Op;
import io.chagres.ptx.machine.PtxFault;
import io.chagres.ptx.machine.Warp;
import io.chagres.ptx.text.Instruction;
import io.chagres.ptx.text.Operand;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Barriers of warps, blocks and clusters, fences, and ends that are not a return.
final class BarrierOps {
    private BarrierOps() {}

    static @Nullable Op compile(Scope s, Instruction in) {
        return switch (in.root()) {
            case "bar", "barrier" -> barrier(s, in);
            case "membar", "fence" -> (w, m) -> w.fenced();
            case "trap" ->
                    (w, m) -> {
                        throw w.fault(PtxFault.Kind.TRAP, m, "traps");
                    };
            case "brkpt", "nanosleep", "griddepcontrol", "setmaxnreg", "pmevent" -> (w, m) -> {};
            case "call" -> call(in);
            default -> null;
        };
    }

    /// Functions of the device runtime: a failed `assert` is a fault, what `printf` prints is lost.
    private static Op call(Instruction in) {
        String name = "";
        for (Operand o : in.operands()) {
            if (o instanceof Operand.Symbol f) {
                name = f.name();
            }
        }
        return switch (name) {
            case "__assertfail" ->
                    (w, m) -> {
                        throw w.fault(PtxFault.Kind.TRAP, m, "an assertion does not hold");
                    };
            case "vprintf" -> (w, m) -> {};
            default -> throw Scope.unsupported(in);
        };
    }

    private static Op barrier(Scope s, Instruction in) {
        List<Operand> o = in.operands();
        if (in.has("warp")) {
            return WarpOps.members(s.source(in, o.get(0), "u32"), (w, m) -> w.met());
        }
        if (in.has("cluster")) {
            boolean arrive = in.has("arrive");
            Op.Aligned op = arrive ? (w, m) -> w.clusterArrive() : (w, m) -> w.clusterWait();
            return op;
        }
        int number = s.source(in, o.get(in.has("red") ? 1 : 0), "u32");
        if (in.has("red")) {
            return reduce(s, in, number);
        }
        int threads = o.size() > 1 ? s.source(in, o.get(1), "u32") : s.constant(0);
        boolean waits = !in.has("arrive");
        Op.Aligned op =
                (w, m) -> {
                    int l = Integer.numberOfTrailingZeros(m);
                    w.barrier(w.r[number][l], w.r[threads][l], waits);
                };
        return op;
    }

    private static Op reduce(Scope s, Instruction in, int number) {
        List<Operand> o = in.operands();
        boolean counts = in.has("popc");
        boolean and = in.has("and");
        int d = counts ? s.target(in, o.get(0)) : s.predicate(in, o.get(0));
        int p = s.predicate(in, o.getLast());
        int invert = Scope.inversion(o.getLast());
        int threads = o.size() > 3 ? s.source(in, o.get(2), "u32") : s.constant(0);
        Op.Aligned op =
                (w, m) -> {
                    int l = Integer.numberOfTrailingZeros(m);
                    int votes = (w.p[p] ^ invert) & m;
                    w.barrierReduce(
                            w.r[number][l],
                            w.r[threads][l],
                            votes,
                            (n, of) -> deliver(w, m, d, counts, n, and ? n == of : n > 0));
                };
        return op;
    }

    private static void deliver(Warp w, int m, int d, boolean counts, int n, boolean yes) {
        if (counts) {
            java.util.Arrays.fill(w.scratch, n);
            Alu.keep(w, d, m);
        } else {
            w.p[d] = yes ? w.p[d] | m : w.p[d] & ~m;
        }
    }
}
