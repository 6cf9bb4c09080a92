package io.chagres.ptx.compile;

import io.chagres.ptx.machine.Access;
import io.chagres.ptx.machine.Bytes;
import io.chagres.ptx.machine.Op;
import io.chagres.ptx.machine.PtxFault;
import io.chagres.ptx.machine.Space;
import io.chagres.ptx.machine.Warp;
import io.chagres.ptx.text.Instruction;
import io.chagres.ptx.text.Operand;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Barrier objects in shared memory.
///
/// Their 64 bits hold, in an encoding of our own (hardware's is opaque too): bit 0 the phase, 20
/// bits of arrivals still pending, 20 bits of arrivals expected, and 23 bits of bytes still to
/// come.
final class MbarrierOps {
    private static final int COUNT = (1 << 20) - 1;

    private MbarrierOps() {}

    static @Nullable Op compile(Scope s, Instruction in) {
        if (!in.root().equals("mbarrier")) {
            return null;
        }
        List<Operand> o = in.operands();
        if (in.has("init")) {
            return init(s.address(in, o.get(0)), s.source(in, o.get(1), "u32"));
        }
        if (in.has("inval")) {
            Scope.Address a = s.address(in, o.get(0));
            return each(a, (w, l, at, word) -> 0);
        }
        if (in.has("arrive") || in.has("arrive_drop")) {
            return arrive(s, in);
        }
        if (in.has("expect_tx") || in.has("complete_tx")) {
            Scope.Address a = s.address(in, o.get(0));
            int bytes = s.source(in, o.get(1), "u32");
            int sign = in.has("expect_tx") ? 1 : -1;
            return each(a, (w, l, at, word) -> change(w, l, word, 0, sign * w.r[bytes][l]));
        }
        if (in.has("try_wait") || in.has("test_wait")) {
            return await(s, in);
        }
        throw Scope.unsupported(in);
    }

    /// The new word from the old one.
    private interface Change {
        long apply(Warp w, int lane, int at, long word);
    }

    private static Op each(Scope.Address a, Change change) {
        return (w, m) -> {
            MemoryOps.addresses(w, a);
            for (int k = m; k != 0; k &= k - 1) {
                int l = Integer.numberOfTrailingZeros(k);
                int at = w.memory.locate(space(w.address[l]), w.address[l], 8, l, Access.ATOMIC);
                byte[] shared = w.memory.where;
                Bytes.putLong(shared, at, change.apply(w, l, at, Bytes.getLong(shared, at)));
            }
            w.block.event();
        };
    }

    private static Space space(long address) {
        return address >= Space.SHARED_WINDOW ? Space.GENERIC : Space.SHARED;
    }

    private static Op init(Scope.Address a, int count) {
        return (w, m) -> {
            MemoryOps.addresses(w, a);
            for (int k = m; k != 0; k &= k - 1) {
                int l = Integer.numberOfTrailingZeros(k);
                int at = w.memory.locate(space(w.address[l]), w.address[l], 8, l, Access.WRITE);
                long n = w.r[count][l];
                if (n <= 0 || n > COUNT) {
                    throw w.fault(
                            PtxFault.Kind.BARRIER, 1 << l, "a barrier for " + n + " arrivals");
                }
                Bytes.putLong(w.memory.where, at, n << 1 | n << 21);
            }
        };
    }

    /// Arrivals and bytes taken from a barrier's word; a complete phase starts the next.
    static long change(Warp w, int lane, long word, int arrivals, long bytes) {
        long phase = word & 1;
        long pending = word >>> 1 & COUNT;
        long expected = word >>> 21 & COUNT;
        long transfer = (word >> 41) + bytes;
        if (expected == 0) {
            throw w.fault(PtxFault.Kind.BARRIER, 1 << lane, "uses a barrier before its init");
        }
        pending -= arrivals;
        if (pending < 0) {
            throw w.fault(PtxFault.Kind.BARRIER, 1 << lane, "arrives at a barrier too often");
        }
        if (pending == 0 && transfer == 0) {
            phase ^= 1;
            pending = expected;
        }
        return phase | pending << 1 | expected << 21 | transfer << 41;
    }

    private static Op arrive(Scope s, Instruction in) {
        List<Operand> o = in.operands();
        boolean token = !(o.get(0) instanceof Operand.Memory);
        int d = token ? s.longTarget(in, o.get(0)) : s.longTarget(in, new Operand.Sink());
        int next = token ? 1 : 0;
        Scope.Address a = s.address(in, o.get(next));
        boolean expect = in.has("expect_tx");
        boolean drop = in.has("arrive_drop");
        int n = o.size() > next + 1 ? s.source(in, o.get(next + 1), "u32") : s.constant(1);
        Op op =
                each(
                        a,
                        (w, l, at, word) -> {
                            w.release(at);
                            w.q[d][l] = word;
                            long base = drop ? word - (1L << 21) : word;
                            return expect
                                    ? change(w, l, change(w, l, word, 0, w.r[n][l]), 1, 0)
                                    : change(w, l, base, w.r[n][l], 0);
                        });
        return op;
    }

    private static Op await(Scope s, Instruction in) {
        List<Operand> o = in.operands();
        int d = s.predicate(in, o.get(0));
        Scope.Address a = s.address(in, o.get(1));
        boolean parity = in.has("parity");
        int phase = parity ? s.source(in, o.get(2), "u32") : s.longSource(in, o.get(2), "b64");
        return (w, m) -> {
            int complete = 0;
            MemoryOps.addresses(w, a);
            for (int k = m; k != 0; k &= k - 1) {
                int l = Integer.numberOfTrailingZeros(k);
                int at = w.memory.locate(space(w.address[l]), w.address[l], 8, l, Access.ATOMIC);
                long word = Bytes.getLong(w.memory.where, at);
                if ((word >>> 21 & COUNT) == 0) {
                    throw w.fault(
                            PtxFault.Kind.BARRIER, 1 << l, "waits at a barrier before its init");
                }
                long want = parity ? w.r[phase][l] : w.q[phase][l];
                if ((word & 1) != (want & 1)) {
                    complete |= 1 << l;
                    w.acquire(at);
                }
            }
            if (d >= 0) {
                w.p[d] = w.p[d] & ~m | complete;
            }
            if (complete != m) {
                w.spins();
            }
        };
    }

    /// `cp.async.mbarrier.arrive`: arrives once the lane's copies are done; they are done now.
    static Op afterCopies(Scope s, Instruction in) {
        Scope.Address a = s.address(in, in.operands().get(0));
        boolean counted = in.has("noinc");
        Op arrive =
                each(
                        a,
                        (w, l, at, word) -> {
                            w.release(at);
                            return counted ? change(w, l, word, 1, 0) : word;
                        });
        return (w, m) -> {
            w.copies.commit(m);
            w.copies.await(m, 0);
            arrive.run(w, m);
        };
    }
}
