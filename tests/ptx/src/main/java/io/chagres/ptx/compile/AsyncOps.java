package io.chagres.ptx.compile;

import io.chagres.ptx.machine.Op;
import io.chagres.ptx.machine.Space;
import io.chagres.ptx.text.Instruction;
import io.chagres.ptx.text.Operand;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// `cp.async` and its groups.
final class AsyncOps {
    private AsyncOps() {}

    static @Nullable Op compile(Scope s, Instruction in) {
        if (!in.root().equals("cp") || in.has("bulk")) {
            return null;
        }
        if (in.has("commit_group")) {
            return (w, m) -> w.copies.commit(m);
        }
        if (in.has("wait_group")) {
            int n = s.literal(in, in.operands().get(0));
            return (w, m) -> w.copies.await(m, n);
        }
        if (in.has("wait_all")) {
            return (w, m) -> {
                w.copies.commit(m);
                w.copies.await(m, 0);
            };
        }
        if (in.has("mbarrier")) {
            return MbarrierOps.afterCopies(s, in);
        }
        List<Operand> o = in.operands();
        Scope.Address to = s.address(in, o.get(0));
        Scope.Address from = s.address(in, o.get(1));
        int bytes = s.literal(in, o.get(2));
        boolean sized = o.size() > 3 && !Scope.wide(o.get(3));
        if (sized && o.get(3) instanceof Operand.Reg r && r.bank() == Operand.Bank.PRED) {
            throw Scope.unsupported(in);
        }
        int given = sized ? s.source(in, o.get(3), "u32") : s.constant(bytes);
        return (w, m) -> {
            long[] source = w.longScratch;
            MemoryOps.addresses(w, from);
            System.arraycopy(w.address, 0, source, 0, 32);
            int read = 0;
            for (int k = m; k != 0; k &= k - 1) {
                int l = Integer.numberOfTrailingZeros(k);
                read |= w.r[given][l] > 0 ? 1 << l : 0;
            }
            if (read != 0) {
                w.memory.countGlobal(read, bytes, false);
            }
            MemoryOps.addresses(w, to);
            w.memory.countShared(m, bytes);
            for (int k = m; k != 0; k &= k - 1) {
                int l = Integer.numberOfTrailingZeros(k);
                long at = w.address[l];
                int dst = (int) (at >= Space.SHARED_WINDOW ? at - Space.SHARED_WINDOW : at);
                w.copies.start(l, dst, bytes, source[l], w.r[given][l]);
            }
        };
    }
}
