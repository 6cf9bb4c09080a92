package io.chagres.kernels.cpu.attention;

import io.chagres.kernels.cpu.attention.AttentionCall.MaskKind;
import io.chagres.kernels.cpu.vector.Lanes;
import java.lang.foreign.ValueLayout;

/// Attention by its definition, in double precision, one score at a time.
final class AttentionReference {
    final double[][][][] o;
    final double[][][] lse;
    final double[][][][] gradQ;
    final double[][][][] gradK;
    final double[][][][] gradV;
    private final AttentionCase data;
    private final AttentionCall c;

    AttentionReference(AttentionCase data) {
        this.data = data;
        c = data.call;
        o = new double[c.batch][c.queries][c.heads][c.valueDim];
        lse = new double[c.batch][c.heads][c.queries];
        gradQ = new double[c.batch][c.queries][c.heads][c.headDim];
        gradK = new double[c.batch][c.keys][c.kvHeads][c.headDim];
        gradV = new double[c.batch][c.keys][c.kvHeads][c.valueDim];
        for (int b = 0; b < c.batch; b++) {
            for (int h = 0; h < c.heads; h++) {
                for (int t = 0; t < c.queries; t++) {
                    query(b, h, t);
                }
            }
        }
    }

    private void query(int b, int h, int t) {
        int kvHead = h / (c.heads / c.kvHeads);
        double[] score = new double[c.keys];
        double max = Double.NEGATIVE_INFINITY;
        for (int s = 0; s < c.keys; s++) {
            score[s] = score(b, h, t, s, kvHead);
            max = Math.max(max, score[s]);
        }
        lse[b][h][t] = Double.NEGATIVE_INFINITY;
        if (max == Double.NEGATIVE_INFINITY) {
            return;
        }
        double sum = 0;
        for (double x : score) {
            sum += Math.exp(x - max);
        }
        lse[b][h][t] = max + Math.log(sum);
        double[] p = new double[c.keys];
        double[] keep = new double[c.keys];
        double delta = 0;
        for (int s = 0; s < c.keys; s++) {
            p[s] = Math.exp(score[s] - lse[b][h][t]);
            keep[s] = p[s] == 0 ? 0 : keep(b, h, t, s);
            for (int i = 0; i < c.valueDim && p[s] != 0; i++) {
                o[b][t][h][i] += p[s] * keep[s] * AttentionCase.get(c.v, b, s, kvHead, i);
            }
        }
        for (int i = 0; i < c.valueDim; i++) {
            delta += o[b][t][h][i] * AttentionCase.get(c.gradO, b, t, h, i);
        }
        for (int s = 0; s < c.keys; s++) {
            if (p[s] == 0) {
                continue;
            }
            double dp = 0;
            for (int i = 0; i < c.valueDim; i++) {
                double g = AttentionCase.get(c.gradO, b, t, h, i);
                dp += g * AttentionCase.get(c.v, b, s, kvHead, i);
                gradV[b][s][kvHead][i] += p[s] * keep[s] * g;
            }
            double ds = p[s] * (keep[s] * dp - delta) * c.scale;
            for (int i = 0; i < c.headDim; i++) {
                gradQ[b][t][h][i] += ds * AttentionCase.get(c.k, b, s, kvHead, i);
                gradK[b][s][kvHead][i] += ds * AttentionCase.get(c.q, b, t, h, i);
            }
        }
    }

    private double score(int b, int h, int t, int s, int kvHead) {
        int shift = c.keys - c.queries;
        boolean hidden = c.causal && s > t + shift;
        hidden |= c.window > 0 && s <= t + shift - c.window;
        if (c.sequences > 0 && sequence(t) != sequence(s)) {
            hidden = true;
        }
        double x = 0;
        if (c.maskKind == MaskKind.BOOLEAN) {
            hidden |= Lanes.ALL.get(ValueLayout.JAVA_BYTE, data.maskAt(b, h, t, s)) == 0;
        } else if (c.maskKind == MaskKind.ADDITIVE) {
            x = Lanes.ALL.get(Lanes.FLOAT, data.maskAt(b, h, t, s));
        }
        if (hidden) {
            return Double.NEGATIVE_INFINITY;
        }
        double dot = 0;
        for (int i = 0; i < c.headDim; i++) {
            dot +=
                    (double) AttentionCase.get(c.q, b, t, h, i)
                            * AttentionCase.get(c.k, b, s, kvHead, i);
        }
        return x + c.scale * dot;
    }

    private int sequence(int token) {
        int i = 0;
        while (Segment.offset(c, i + 1) <= token) {
            i++;
        }
        return i;
    }

    private double keep(int b, int h, int t, int s) {
        if (c.dropout == 0f) {
            return 1;
        }
        long index = (((long) b * c.heads + h) * c.queries + t) * c.keys + s;
        int bits = philox(index / 4, c.offset, c.seed)[(int) (index % 4)];
        double u = (bits >>> 8) * 0x1p-24;
        return u >= c.dropout ? 1.0 / (1.0 - c.dropout) : 0;
    }

    /// Philox4x32-10 by the paper.
    static int[] philox(long block, long offset, long seed) {
        int[] x = {(int) block, (int) (block >>> 32), (int) offset, (int) (offset >>> 32)};
        int k0 = (int) seed;
        int k1 = (int) (seed >>> 32);
        for (int round = 0; round < 10; round++) {
            long a = Integer.toUnsignedLong(x[0]) * 0xD2511F53L;
            long b = Integer.toUnsignedLong(x[2]) * 0xCD9E8D57L;
            x =
                    new int[] {
                        (int) (b >>> 32) ^ x[1] ^ k0, (int) b, (int) (a >>> 32) ^ x[3] ^ k1, (int) a
                    };
            k0 += 0x9E3779B9;
            k1 += 0xBB67AE85;
        }
        return x;
    }
}
