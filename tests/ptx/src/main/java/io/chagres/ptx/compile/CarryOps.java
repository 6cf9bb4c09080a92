package io.chagres.ptx.compile;

import io.chagres.ptx.machine.Op;
import io.chagres.ptx.text.Instruction;
import io.chagres.ptx.text.Operand;
import io.chagres.ptx.text.Types;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Additions and subtractions that give or take a carry, for numbers of several words.
final class CarryOps {
    private CarryOps() {}

    static @Nullable Op compile(Scope s, Instruction in) {
        String root = in.root();
        boolean takes = root.equals("addc") || root.equals("subc");
        boolean gives = in.has("cc");
        if (!takes && !gives) {
            return null;
        }
        boolean subtract = root.startsWith("sub");
        if (!subtract && !root.startsWith("add")) {
            throw Scope.unsupported(in);
        }
        List<Operand> o = in.operands();
        boolean wide = Types.size(in.type()) == 8;
        int d = wide ? s.longTarget(in, o.get(0)) : s.target(in, o.get(0));
        int a = wide ? s.longSource(in, o.get(1), in.type()) : s.source(in, o.get(1), in.type());
        int b = wide ? s.longSource(in, o.get(2), in.type()) : s.source(in, o.get(2), in.type());
        return (w, m) -> {
            int carry = 0;
            for (int k = m; k != 0; k &= k - 1) {
                int l = Integer.numberOfTrailingZeros(k);
                long c = takes ? w.carry >>> l & 1 : 0;
                long x = wide ? w.q[a][l] : w.r[a][l] & 0xffffffffL;
                long y = wide ? w.q[b][l] : w.r[b][l] & 0xffffffffL;
                long z = subtract ? x - y - c : x + y + c;
                boolean out;
                if (wide) {
                    w.q[d][l] = z;
                    int order = Long.compareUnsigned(z, x);
                    out =
                            subtract
                                    ? order > 0 || order == 0 && c == 1
                                    : order < 0 || order == 0 && c == 1;
                } else {
                    w.r[d][l] = (int) z;
                    out = z >>> 32 != 0;
                }
                carry |= out ? 1 << l : 0;
            }
            if (gives) {
                w.carry = w.carry & ~m | carry;
            }
        };
    }
}
