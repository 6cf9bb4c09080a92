package io.chagres.ptx.compile;

import io.chagres.ptx.machine.Bytes;
import io.chagres.ptx.machine.Op;
import io.chagres.ptx.machine.Space;
import io.chagres.ptx.machine.Warp;
import io.chagres.ptx.text.Instruction;
import io.chagres.ptx.text.Operand;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// `ldmatrix` and `stmatrix`: 8x8 matrices of 16 bits between shared memory and registers.
final class MatrixOps {
    private MatrixOps() {}

    static @Nullable Op compile(Scope s, Instruction in) {
        return switch (in.root()) {
            case "ldmatrix" -> load(s, in);
            case "stmatrix" -> store(s, in);
            case "movmatrix" -> move(s, in);
            case "mma" -> MmaOps.compile(s, in);
            default -> null;
        };
    }

    private static int rows(Warp w, Scope.Address a, int n, boolean write) {
        MemoryOps.addresses(w, a);
        for (int i = 0; i < 8 * n; i++) {
            long at = w.address[i];
            w.address[i] = at >= Space.SHARED_WINDOW ? at - Space.SHARED_WINDOW : at;
        }
        int lanes = n == 4 ? -1 : (1 << 8 * n) - 1;
        w.memory.countShared(lanes, 16);
        for (int i = 0; i < 8 * n; i++) {
            int at = (int) w.address[i];
            w.memory.aligned(Space.SHARED, at, 16, i);
            if (write) {
                w.block.writes(w, 32, at, 16);
            } else {
                w.block.reads(w, 32, at, 16);
            }
        }
        return lanes;
    }

    private static void check(Instruction in) {
        if (!in.has("m8n8") || !in.type().equals("b16")) {
            throw Scope.unsupported(in);
        }
    }

    private static Op load(Scope s, Instruction in) {
        check(in);
        List<Operand> o = Scope.items(in.operands().get(0));
        int n = o.size();
        int[] d = new int[n];
        for (int i = 0; i < n; i++) {
            d[i] = s.target(in, o.get(i));
        }
        Scope.Address a = s.address(in, in.operands().get(1));
        boolean trans = in.has("trans");
        Op.FullWarp op =
                (w, m) -> {
                    rows(w, a, n, false);
                    byte[] shared = w.block.shared();
                    long[] at = w.address;
                    for (int j = 0; j < n; j++) {
                        int[] to = w.r[d[j]];
                        for (int l = 0; l < 32; l++) {
                            if (trans) {
                                int row = 8 * j + (l & 3) * 2;
                                int col = (l >> 2) * 2;
                                to[l] =
                                        Bytes.getShort(shared, (int) at[row] + col)
                                                | Bytes.getShort(shared, (int) at[row + 1] + col)
                                                        << 16;
                            } else {
                                int row = (int) at[8 * j + (l >> 2)];
                                to[l] = Bytes.getInt(shared, row + (l & 3) * 4);
                            }
                        }
                    }
                };
        return op;
    }

    private static Op store(Scope s, Instruction in) {
        check(in);
        List<Operand> o = Scope.items(in.operands().get(1));
        int n = o.size();
        int[] v = new int[n];
        for (int i = 0; i < n; i++) {
            v[i] = s.source(in, o.get(i), "b32");
        }
        Scope.Address a = s.address(in, in.operands().get(0));
        boolean trans = in.has("trans");
        Op.FullWarp op =
                (w, m) -> {
                    rows(w, a, n, true);
                    byte[] shared = w.block.shared();
                    long[] at = w.address;
                    for (int j = 0; j < n; j++) {
                        for (int l = 0; l < 32; l++) {
                            int x = w.r[v[j]][l];
                            if (trans) {
                                int row = 8 * j + (l & 3) * 2;
                                int col = (l >> 2) * 2;
                                Bytes.put(shared, (int) at[row] + col, 2, x);
                                Bytes.put(shared, (int) at[row + 1] + col, 2, x >>> 16);
                            } else {
                                int row = (int) at[8 * j + (l >> 2)];
                                Bytes.putInt(shared, row + (l & 3) * 4, x);
                            }
                        }
                    }
                };
        return op;
    }

    /// `movmatrix.trans`: transposes a matrix that lies across the lanes.
    private static Op move(Scope s, Instruction in) {
        check(in);
        int d = s.target(in, in.operands().get(0));
        int a = s.source(in, in.operands().get(1), "b32");
        Op.FullWarp op =
                (w, m) -> {
                    int[] x = w.r[a];
                    for (int l = 0; l < 32; l++) {
                        int row = l >> 2;
                        int col = (l & 3) * 2;
                        w.scratch[l] = element(x, col, row) | element(x, col + 1, row) << 16;
                    }
                    Alu.keep(w, d, -1);
                };
        return op;
    }

    /// The element at row `i` and column `j`.
    private static int element(int[] x, int i, int j) {
        return x[i * 4 + (j >> 1)] >>> 16 * (j & 1) & 0xffff;
    }
}
