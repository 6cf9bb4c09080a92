package io.chagres.ptx.compile;

import io.chagres.ptx.machine.Access;
import io.chagres.ptx.machine.Allocation;
import io.chagres.ptx.machine.Block;
import io.chagres.ptx.machine.Bytes;
import io.chagres.ptx.machine.Op;
import io.chagres.ptx.machine.PtxFault;
import io.chagres.ptx.machine.Space;
import io.chagres.ptx.machine.TensorMap;
import io.chagres.ptx.machine.Warp;
import io.chagres.ptx.text.Instruction;
import io.chagres.ptx.text.Operand;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Bulk copies from global to shared memory, plain and of boxes of tensors, ended by a barrier
/// object.
final class TensorOps {
    private TensorOps() {}

    static @Nullable Op compile(Scope s, Instruction in) {
        if (!in.root().equals("cp") || !in.has("bulk")) {
            return null;
        }
        if (in.has("prefetch")) {
            return (w, m) -> {};
        }
        if (!in.opcode().contains("mbarrier::complete_tx::bytes")
                || in.parts().indexOf("global") < 3
                || in.has("multicast::cluster")
                || in.opcode().contains("im2col")) {
            throw Scope.unsupported(in);
        }
        return in.has("tensor") ? box(s, in) : plain(s, in);
    }

    private static int shared(long address) {
        return (int) (address >= Space.SHARED_WINDOW ? address - Space.SHARED_WINDOW : address);
    }

    private static long at(Warp w, Scope.Address a, int lane) {
        return a.offset()
                + (a.wide() ? w.q[a.register()][lane] : w.r[a.register()][lane] & 0xffffffffL);
    }

    /// `cp.async.bulk.shared::cluster.global...bytes [dst], [src], size, [barrier]`.
    private static Op plain(Scope s, Instruction in) {
        List<Operand> o = in.operands();
        Scope.Address to = s.address(in, o.get(0));
        Scope.Address from = s.address(in, o.get(1));
        int size = s.source(in, o.get(2), "u32");
        Scope.Address barrier = s.address(in, o.get(3));
        return (w, m) -> {
            for (int k = m; k != 0; k &= k - 1) {
                int l = Integer.numberOfTrailingZeros(k);
                int dst = shared(at(w, to, l));
                long src = at(w, from, l);
                int n = w.r[size][l];
                if ((dst & 15) != 0 || (src & 15) != 0 || (n & 15) != 0 || n <= 0) {
                    throw w.fault(
                            PtxFault.Kind.MISALIGNED,
                            1 << l,
                            String.format("copies %d bytes from 0x%x to 0x%x", n, src, dst));
                }
                Allocation a = w.memory.find(src, n, l, Access.READ);
                w.block.copyBegins(w, l, dst, n);
                Runnable copy =
                        () ->
                                System.arraycopy(
                                        a.data(), (int) (src - a.base()), w.block.shared(), dst, n);
                later(w, l, dst, n, shared(at(w, barrier, l)), copy);
            }
        };
    }

    private static void later(Warp w, int lane, int dst, int n, int barrier, Runnable copy) {
        Block b = w.block;
        b.later(() -> {
            copy.run();
            b.copyEnds(null, lane, dst, n);
            long word = Bytes.getLong(b.shared(), barrier);
            Bytes.putLong(b.shared(), barrier, MbarrierOps.change(w, lane, word, 0, -(long) n));
            b.event();
        });
    }

    /// A box of a tensor, `[map, {coordinates}]`; what lies outside of the tensor is 0.
    private static Op box(Scope s, Instruction in) {
        List<Operand> o = in.operands();
        Scope.Address to = s.address(in, o.get(0));
        Operand.Memory source = (Operand.Memory) o.get(1);
        Scope.Address map = s.address(in, source);
        List<Operand> given = source.coordinates();
        if (given == null) {
            throw Scope.unsupported(in);
        }
        int[] c = given.stream().mapToInt(x -> s.source(in, x, "s32")).toArray();
        Scope.Address barrier = s.address(in, o.get(2));
        return (w, m) -> {
            for (int k = m; k != 0; k &= k - 1) {
                int l = Integer.numberOfTrailingZeros(k);
                int dst = shared(at(w, to, l));
                int where = w.memory.locate(Space.GENERIC, at(w, map, l), 64, l, Access.READ);
                byte[] bytes = Arrays.copyOfRange(w.memory.where, where, where + TensorMap.BYTES);
                TensorMap t = TensorMap.read(bytes);
                long[] coordinates = new long[c.length];
                for (int i = 0; i < c.length; i++) {
                    coordinates[i] = w.r[c[i]][l];
                }
                if (t == null || t.rank() != c.length) {
                    throw w.fault(
                            PtxFault.Kind.ILLEGAL_INSTRUCTION,
                            1 << l,
                            "the tensor map does not fit " + c.length + " coordinates");
                }
                if ((dst & 127) != 0) {
                    throw w.fault(
                            PtxFault.Kind.MISALIGNED,
                            1 << l,
                            String.format("copies to 0x%x, no multiple of 128", dst));
                }
                int n = t.boxBytes();
                w.block.copyBegins(w, l, dst, n);
                Runnable copy = () -> copyBox(w, l, t, coordinates, dst);
                later(w, l, dst, n, shared(at(w, barrier, l)), copy);
            }
        };
    }

    private static void copyBox(Warp w, int lane, TensorMap t, long[] at, int dst) {
        byte[] shared = w.block.shared();
        int element = t.elementBytes();
        int row = t.box()[0] * element;
        for (int r = 0; r < t.boxBytes() / row; r++) {
            long from = t.address();
            boolean inside = true;
            int rest = r;
            for (int i = 1; i < t.rank(); i++) {
                long g = at[i] + rest % t.box()[i];
                rest /= t.box()[i];
                inside &= g >= 0 && g < t.size()[i];
                from += g * t.stride()[i - 1];
            }
            for (int k = 0; k < row; k += element) {
                int to = t.swizzled(dst + r * row + k);
                long x = at[0] + k / element;
                if (inside && x >= 0 && x < t.size()[0]) {
                    Allocation a = w.memory.find(from + x * element, element, lane, Access.READ);
                    int offset = (int) (from + x * element - a.base());
                    System.arraycopy(a.data(), offset, shared, to, element);
                } else {
                    Arrays.fill(shared, to, to + element, (byte) 0);
                }
            }
        }
    }
}
