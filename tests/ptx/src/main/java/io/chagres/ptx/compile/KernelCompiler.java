package io.chagres.ptx.compile;

import io.chagres.ptx.machine.Kernel;
import io.chagres.ptx.machine.Kernel.Flow;
import io.chagres.ptx.machine.Kernel.Step;
import io.chagres.ptx.machine.Op;
import io.chagres.ptx.text.Entry;
import io.chagres.ptx.text.Instruction;
import io.chagres.ptx.text.PtxSyntaxException;
import io.chagres.ptx.text.Variable;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/// Turns an entry into closures.
public final class KernelCompiler {
    /// A family of instructions: null for one of another family.
    private interface Family {
        @Nullable Op compile(Scope s, Instruction in);
    }

    private static final List<Family> FAMILIES =
            List.of(
                    CompareOps::compile,
                    MoveOps::compile,
                    MemoryOps::compile,
                    ConvertOps::compile,
                    FloatOps::compile,
                    CarryOps::compile,
                    IntegerOps::compile,
                    LongOps::compile,
                    AtomicOps::compile,
                    AsyncOps::compile,
                    BarrierOps::compile,
                    WarpOps::compile,
                    MatrixOps::compile,
                    MbarrierOps::compile,
                    TensorOps::compile,
                    WgmmaOps::compile,
                    HalfOps::compile,
                    DoubleOps::compile);

    private static final Op NOTHING = (w, m) -> {};

    private KernelCompiler() {}

    /// Compiles an entry.
    ///
    /// @param moduleAddress device address of a variable of the module, or -1
    /// @throws PtxSyntaxException for a form that the machine does not know, with its line
    public static Kernel compile(Entry entry, ToLongFunction<String> moduleAddress) {
        Scope scope = new Scope(entry, moduleAddress);
        Step[] steps = new Step[entry.code().size()];
        boolean atomics = false;
        for (int i = 0; i < steps.length; i++) {
            Instruction in = entry.code().get(i);
            steps[i] = step(scope, in);
            boolean atomic = in.root().equals("atom") || in.root().equals("red");
            atomics |= atomic && !in.opcode().contains(".shared");
        }
        int shared = 0;
        for (Variable v : entry.locals().values()) {
            if (v.space().equals(".shared")) {
                shared = Math.max(shared, (int) (v.offset() + v.size()));
            }
        }
        return new Kernel(
                entry,
                steps,
                scope.intConstants(),
                scope.longConstants(),
                scope.specials(),
                shared,
                atomics);
    }

    private static Step step(Scope scope, Instruction in) {
        int guard = in.guard() == null ? -1 : in.guard().index();
        int invert = in.guard() != null && in.guard().negated() ? -1 : 0;
        int[] targets = in.targets().stream().mapToInt(Integer::intValue).toArray();
        Flow flow = Flow.NEXT;
        Op op = NOTHING;
        int index = 0;
        switch (in.root()) {
            case "bra" -> flow = Flow.BRANCH;
            case "brx" -> {
                flow = Flow.TABLE;
                index = scope.source(in, in.operands().getFirst(), "u32");
            }
            case "ret", "exit" -> flow = Flow.EXIT;
            default -> {
                op = operation(scope, in);
                flow = op instanceof Op.Collective ? Flow.COLLECTIVE : Flow.NEXT;
            }
        }
        return new Step(flow, op, guard, invert, targets, index, in.line(), in.opcode(), in.text());
    }

    private static Op operation(Scope scope, Instruction in) {
        for (Family f : FAMILIES) {
            Op op = f.compile(scope, in);
            if (op != null) {
                return op;
            }
        }
        throw Scope.unsupported(in);
    }

    /// The forms of an entry that the machine does not know, each with the first message about it.
    public static Map<String, String> unsupported(Entry entry) {
        Map<String, String> out = new TreeMap<>();
        Scope scope = new Scope(entry, name -> 0);
        for (Instruction in : entry.code()) {
            try {
                step(scope, in);
            } catch (PtxSyntaxException e) {
                out.putIfAbsent(in.opcode(), String.valueOf(e.getMessage()));
            }
        }
        return out;
    }
}
