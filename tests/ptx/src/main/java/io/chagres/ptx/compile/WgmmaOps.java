package io.chagres.ptx.compile;

import io.chagres.ptx.machine.Block;
import io.chagres.ptx.machine.Bytes;
import io.chagres.ptx.machine.Op;
import io.chagres.ptx.machine.Warp;
import io.chagres.ptx.text.Instruction;
import io.chagres.ptx.text.Operand;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// `wgmma`: products by four warps, of bf16 or f16 from shared memory into f32.
///
/// Each warp computes its 16 rows of the 64. The work happens when its group is waited for: as late
/// as the program allows. Only K-major operands are known.
final class WgmmaOps {
    private WgmmaOps() {}

    static @Nullable Op compile(Scope s, Instruction in) {
        if (!in.root().equals("wgmma")) {
            return null;
        }
        if (in.has("fence")) {
            return (Op.FullWarp) (w, m) -> {};
        }
        if (in.has("commit_group")) {
            return (Op.FullWarp)
                    (w, m) -> {
                        w.matrixGroups.add(w.matrixOpen);
                        w.matrixOpen = new ArrayList<>();
                    };
        }
        if (in.has("wait_group")) {
            int n = s.literal(in, in.operands().get(0));
            return (Op.FullWarp)
                    (w, m) -> {
                        while (w.matrixGroups.size() > n) {
                            w.matrixGroups.remove().forEach(Runnable::run);
                        }
                    };
        }
        return product(s, in);
    }

    private static Op product(Scope s, Instruction in) {
        boolean bf16 = in.opcode().endsWith(".f32.bf16.bf16");
        if (!bf16 && !in.opcode().endsWith(".f32.f16.f16")) {
            throw Scope.unsupported(in);
        }
        List<Operand> o = in.operands();
        int[] d = Scope.items(o.get(0)).stream().mapToInt(x -> s.target(in, x)).toArray();
        int n = d.length * 2;
        boolean registers = o.get(1) instanceof Operand.Vector;
        int[] a =
                registers
                        ? Scope.items(o.get(1)).stream()
                                .mapToInt(x -> s.source(in, x, "b32"))
                                .toArray()
                        : new int[] {s.longSource(in, o.get(1), "b64")};
        int b = s.longSource(in, o.get(2), "b64");
        int scale = o.get(3) instanceof Operand.Reg ? s.predicate(in, o.get(3)) : -1;
        boolean always = o.get(3) instanceof Operand.Imm i && i.bits() != 0;
        int sign = s.literal(in, o.get(4)) * s.literal(in, o.get(5));
        for (int i = 6; i < o.size(); i++) {
            if (s.literal(in, o.get(i)) != 0) {
                throw Scope.unsupported(in);
            }
        }
        return (Op.FullWarp)
                (w, m) -> {
                    long da = registers ? 0 : w.q[a[0]][0];
                    long db = w.q[b][0];
                    boolean add = scale < 0 ? always : (w.p[scale] & 1) != 0;
                    int[][] rows = new int[4][];
                    for (int i = 0; registers && i < 4; i++) {
                        rows[i] = w.r[a[i]].clone();
                    }
                    Runnable job =
                            () -> {
                                float[] av =
                                        registers
                                                ? fragments(rows, bf16)
                                                : tile(w, da, (w.id & 3) * 16, 16, bf16);
                                multiply(w, d, av, tile(w, db, 0, n, bf16), add, sign);
                            };
                    if (w.block.launch.checks().late()) {
                        w.matrixOpen.add(job);
                    } else {
                        job.run();
                    }
                };
    }

    private static float[] fragments(int[][] rows, boolean bf16) {
        float[] av = new float[16 * 16];
        for (int i = 0; i < 4; i++) {
            for (int l = 0; l < 32; l++) {
                int at = ((l >> 2) + 8 * (i & 1)) * 16 + 8 * (i >> 1) + (l & 3) * 2;
                av[at] = CompareOps.half(rows[i][l] & 0xffff, bf16);
                av[at + 1] = CompareOps.half(rows[i][l] >>> 16, bf16);
            }
        }
        return av;
    }

    private static void multiply(Warp w, int[] d, float[] av, float[] bv, boolean add, int sign) {
        for (int i = 0; i < d.length; i++) {
            int[] x = w.r[d[i]];
            for (int l = 0; l < 32; l++) {
                int row = (l >> 2) + 8 * (i >> 1 & 1);
                int col = 8 * (i >> 2) + (l & 3) * 2 + (i & 1);
                float sum = add ? Float.intBitsToFloat(x[l]) : 0;
                for (int k = 0; k < 16; k++) {
                    sum = Math.fma(sign * av[row * 16 + k], bv[col * 16 + k], sum);
                }
                x[l] = Float.floatToRawIntBits(sum);
            }
        }
    }

    /// Rows of 16 values behind a matrix descriptor: 14-bit fields in units of 16 bytes for the
    /// start (bit 0), the leading (16) and the stride offset (32), and the swizzle in bits 62 and
    /// 63.
    private static float[] tile(Warp w, long descriptor, int first, int rows, boolean bf16) {
        int start = (int) (descriptor & 0x3fff) << 4;
        int leading = (int) (descriptor >>> 16 & 0x3fff) << 4;
        int stride = (int) (descriptor >>> 32 & 0x3fff) << 4;
        int layout = (int) (descriptor >>> 62);
        int width = layout == 0 ? 16 : 256 >> layout;
        Block block = w.block;
        float[] out = new float[rows * 16];
        for (int i = 0; i < rows; i++) {
            int row = first + i;
            for (int half = 0; half < 2; half++) {
                int at = start + (row >> 3) * stride + (row & 7) * width;
                at += layout == 0 ? half * leading : 16 * half;
                at ^= layout == 0 ? 0 : (at >> 7 & (8 >> layout - 1) - 1) << 4;
                block.reads(w, 32, at, 16);
                for (int k = 0; k < 8; k++) {
                    int bits = Bytes.getShort(block.shared(), at + 2 * k);
                    out[i * 16 + 8 * half + k] = CompareOps.half(bits, bf16);
                }
            }
        }
        return out;
    }
}
