package io.chagres.ptx.compile;

import io.chagres.ptx.machine.Op;
import io.chagres.ptx.text.Instruction;
import io.chagres.ptx.text.Operand;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// `mma.sync`: products of small matrices that lie across the lanes of a warp.
///
/// Lane `l` has group `g = l / 4` and place `t = l % 4`. A register of A or B holds `32 / bits`
/// neighbours along k: register `i` of A row `g + 8 (i % 2)`, k from `(i / 2) c + t p`, of B column
/// `g`, k from `i c + t p`, where `p` is the number of neighbours and `c = 4 p`. The f32 or s32
/// accumulator `i` has row `g + 8 (i / 2)`, column `2 t + i % 2` (PTX ISA, "Matrix Fragments for
/// mma"). Products are added in order of k with one rounding each, in f32 for floats; hardware adds
/// several at a time and truncates, so results differ in the last bits.
final class MmaOps {
    private MmaOps() {}

    /// What A and B hold.
    private enum Element {
        BF16,
        F16,
        TF32
    }

    static @Nullable Op compile(Scope s, Instruction in) {
        if (!in.has("row") || !in.has("col") || in.has("sp") || in.has("xor") || in.has("and")) {
            throw Scope.unsupported(in);
        }
        List<String> parts = in.parts();
        int n = parts.size();
        String shape =
                parts.stream()
                        .filter(x -> x.startsWith("m8n8k") || x.startsWith("m16n8k"))
                        .findFirst()
                        .orElse("");
        String types = String.join(".", parts.subList(n - 4, n));
        int k = Integer.parseInt("0" + shape.substring(shape.indexOf('k') + 1));
        if (shape.startsWith("m8n8") && types.equals("f64.f64.f64.f64")) {
            return doubles(s, in);
        }
        String a = parts.get(n - 3);
        String b = parts.get(n - 2);
        if (!shape.startsWith("m16n8")) {
            throw Scope.unsupported(in);
        }
        return switch (types) {
            case "f32.bf16.bf16.f32" -> floats(s, in, k, Element.BF16, false);
            case "f32.f16.f16.f32" -> floats(s, in, k, Element.F16, false);
            case "f16.f16.f16.f16" -> floats(s, in, k, Element.F16, true);
            case "f32.tf32.tf32.f32" -> floats(s, in, k, Element.TF32, false);
            case "s32.s8.s8.s32", "s32.u8.u8.s32", "s32.s8.u8.s32", "s32.u8.s8.s32" ->
                    bytes(s, in, k, a.equals("s8"), b.equals("s8"), in.has("satfinite"));
            default -> throw Scope.unsupported(in);
        };
    }

    /// The value at a place of a register; tf32 has 19 bits, the others are not looked at.
    private static float value(int bits, int place, Element type) {
        return switch (type) {
            case BF16 -> Float.intBitsToFloat(place == 0 ? bits << 16 : bits & 0xffff0000);
            case F16 -> half(bits, place);
            case TF32 -> Float.intBitsToFloat(bits & 0xffffe000);
        };
    }

    private static float half(int bits, int place) {
        return Float.float16ToFloat((short) (bits >> 16 * place));
    }

    private static int[] targets(Scope s, Instruction in, Operand o) {
        return Scope.items(o).stream().mapToInt(x -> s.target(in, x)).toArray();
    }

    private static int[] sources(Scope s, Instruction in, Operand o) {
        return Scope.items(o).stream().mapToInt(x -> s.source(in, x, "b32")).toArray();
    }

    private static Op floats(
            Scope s, Instruction in, int k, Element type, boolean halfAccumulator) {
        int[] d = targets(s, in, in.operands().get(0));
        int[] a = sources(s, in, in.operands().get(1));
        int[] b = sources(s, in, in.operands().get(2));
        int[] c = sources(s, in, in.operands().get(3));
        int pack = type == Element.TF32 ? 1 : 2;
        int chunk = 4 * pack;
        if (a.length != 2 * k / chunk || b.length != k / chunk) {
            throw Scope.unsupported(in);
        }
        Op.FullWarp op =
                (w, m) -> {
                    float[] av = new float[16 * k];
                    float[] bv = new float[k * 8];
                    float[] cv = new float[16 * 8];
                    for (int i = 0; i < a.length; i++) {
                        int[] x = w.r[a[i]];
                        for (int l = 0; l < 32; l++) {
                            int at =
                                    ((l >> 2) + 8 * (i & 1)) * k
                                            + (i >> 1) * chunk
                                            + (l & 3) * pack;
                            for (int p = 0; p < pack; p++) {
                                av[at + p] = value(x[l], p, type);
                            }
                        }
                    }
                    for (int i = 0; i < b.length; i++) {
                        int[] x = w.r[b[i]];
                        for (int l = 0; l < 32; l++) {
                            int row = i * chunk + (l & 3) * pack;
                            for (int p = 0; p < pack; p++) {
                                bv[(row + p) * 8 + (l >> 2)] = value(x[l], p, type);
                            }
                        }
                    }
                    accumulator(w.r, c, cv, halfAccumulator);
                    multiply(av, bv, cv, k);
                    result(w.r, d, cv, halfAccumulator);
                };
        return op;
    }

    /// `c += a b` for 16 rows and 8 columns. The eight sums of a row are locals: the JIT keeps them
    /// in registers.
    private static void multiply(float[] a, float[] b, float[] c, int k) {
        for (int row = 0; row < 16; row++) {
            int o = row * 8;
            float c0 = c[o];
            float c1 = c[o + 1];
            float c2 = c[o + 2];
            float c3 = c[o + 3];
            float c4 = c[o + 4];
            float c5 = c[o + 5];
            float c6 = c[o + 6];
            float c7 = c[o + 7];
            for (int kk = 0; kk < k; kk++) {
                float x = a[row * k + kk];
                int p = kk * 8;
                c0 = Math.fma(x, b[p], c0);
                c1 = Math.fma(x, b[p + 1], c1);
                c2 = Math.fma(x, b[p + 2], c2);
                c3 = Math.fma(x, b[p + 3], c3);
                c4 = Math.fma(x, b[p + 4], c4);
                c5 = Math.fma(x, b[p + 5], c5);
                c6 = Math.fma(x, b[p + 6], c6);
                c7 = Math.fma(x, b[p + 7], c7);
            }
            c[o] = c0;
            c[o + 1] = c1;
            c[o + 2] = c2;
            c[o + 3] = c3;
            c[o + 4] = c4;
            c[o + 5] = c5;
            c[o + 6] = c6;
            c[o + 7] = c7;
        }
    }

    private static void accumulator(int[][] r, int[] c, float[] cv, boolean half) {
        for (int i = 0; i < 4; i++) {
            int[] x = r[half ? c[i >> 1] : c[i]];
            for (int l = 0; l < 32; l++) {
                int at = ((l >> 2) + 8 * (i >> 1)) * 8 + (l & 3) * 2 + (i & 1);
                cv[at] = half ? half(x[l], i & 1) : Float.intBitsToFloat(x[l]);
            }
        }
    }

    private static void result(int[][] r, int[] d, float[] cv, boolean half) {
        for (int i = 0; i < 4; i += half ? 2 : 1) {
            int[] x = r[half ? d[i >> 1] : d[i]];
            for (int l = 0; l < 32; l++) {
                int at = ((l >> 2) + 8 * (i >> 1)) * 8 + (l & 3) * 2 + (i & 1);
                x[l] =
                        half
                                ? Rounding.f16(cv[at]) | Rounding.f16(cv[at + 1]) << 16
                                : Float.floatToRawIntBits(cv[at]);
            }
        }
    }

    private static Op bytes(
            Scope s, Instruction in, int k, boolean signedA, boolean signedB, boolean saturate) {
        int[] d = targets(s, in, in.operands().get(0));
        int[] a = sources(s, in, in.operands().get(1));
        int[] b = sources(s, in, in.operands().get(2));
        int[] c = sources(s, in, in.operands().get(3));
        if (a.length != k / 8 || b.length != k / 16) {
            throw Scope.unsupported(in);
        }
        Op.FullWarp op =
                (w, m) -> {
                    int[][] out = new int[4][32];
                    for (int i = 0; i < 4; i++) {
                        for (int l = 0; l < 32; l++) {
                            int row = l >> 2;
                            int col = (l & 3) * 2 + (i & 1);
                            long sum = w.r[c[i]][l];
                            for (int j = 0; j < k / 4; j++) {
                                int x = w.r[a[(i >> 1) + 2 * (j >> 2)]][row * 4 + (j & 3)];
                                int y = w.r[b[j >> 2]][col * 4 + (j & 3)];
                                sum += dot(x, y, signedA, signedB);
                            }
                            out[i][l] =
                                    saturate
                                            ? Math.clamp(sum, Integer.MIN_VALUE, Integer.MAX_VALUE)
                                            : (int) sum;
                        }
                    }
                    for (int i = 0; i < 4; i++) {
                        System.arraycopy(out[i], 0, w.r[d[i]], 0, 32);
                    }
                };
        return op;
    }

    private static int dot(int x, int y, boolean signedX, boolean signedY) {
        int sum = 0;
        for (int p = 0; p < 32; p += 8) {
            int u = signedX ? (byte) (x >> p) : x >> p & 0xff;
            int v = signedY ? (byte) (y >> p) : y >> p & 0xff;
            sum += u * v;
        }
        return sum;
    }

    /// `m8n8k4` in f64: lane `l` has A row `l / 4`, k `l % 4`, B column `l / 4`, k `l % 4`.
    private static Op doubles(Scope s, Instruction in) {
        List<Operand> o = in.operands();
        int[] d = Scope.items(o.get(0)).stream().mapToInt(x -> s.longTarget(in, x)).toArray();
        int a = s.longSource(in, Scope.items(o.get(1)).getFirst(), "f64");
        int b = s.longSource(in, Scope.items(o.get(2)).getFirst(), "f64");
        int[] c =
                Scope.items(o.get(3)).stream().mapToInt(x -> s.longSource(in, x, "f64")).toArray();
        Op.FullWarp op =
                (w, m) -> {
                    long[][] out = new long[2][32];
                    for (int i = 0; i < 2; i++) {
                        for (int l = 0; l < 32; l++) {
                            int col = (l & 3) * 2 + i;
                            double sum = DoubleOps.real(w.q[c[i]][l]);
                            for (int kk = 0; kk < 4; kk++) {
                                double x = DoubleOps.real(w.q[a][(l >> 2) * 4 + kk]);
                                double y = DoubleOps.real(w.q[b][col * 4 + kk]);
                                sum = Math.fma(x, y, sum);
                            }
                            out[i][l] = DoubleOps.bits(sum);
                        }
                    }
                    System.arraycopy(out[0], 0, w.q[d[0]], 0, 32);
                    System.arraycopy(out[1], 0, w.q[d[1]], 0, 32);
                };
        return op;
    }
}
