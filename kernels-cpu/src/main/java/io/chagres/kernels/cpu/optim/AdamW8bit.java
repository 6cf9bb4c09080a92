package io.chagres.kernels.cpu.optim;

import static io.chagres.kernels.cpu.vector.Lanes.ALL;
import static io.chagres.kernels.cpu.vector.Lanes.F32;
import static io.chagres.kernels.cpu.vector.Lanes.FLOAT;
import static io.chagres.kernels.cpu.vector.Lanes.I32;
import static io.chagres.kernels.cpu.vector.Lanes.INT;
import static io.chagres.kernels.cpu.vector.Lanes.LE;
import static io.chagres.kernels.cpu.vector.Lanes.N;

import io.chagres.kernels.cpu.elementwise.Fill;
import io.chagres.kernels.cpu.elementwise.Philox;
import io.chagres.kernels.cpu.pool.Args;
import io.chagres.kernels.cpu.pool.WorkerPool;
import io.chagres.kernels.cpu.vector.Scratch;
import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/// An AdamW step with moments in 8 bits, block by block, as [the
/// operation][io.chagres.tensor.op.AdamW8bit] says.
///
/// A block is decoded into scratch memory, updated, and encoded anew by its largest magnitudes.
public final class AdamW8bit {
    private static final int BLOCK = io.chagres.tensor.op.AdamW8bit.BLOCK;
    private static final int SIGNED = io.chagres.tensor.op.AdamW8bit.SIGNED;
    private static final int UNSIGNED = io.chagres.tensor.op.AdamW8bit.UNSIGNED;
    private static final long BYTES = 4L * BLOCK;
    private static final long BLOCKS_AT_A_TIME = 32;

    /// What a byte stands for, as a part of the block's largest magnitude.
    private static final float[] FIRST = table(SIGNED);

    private static final float[] SECOND = table(UNSIGNED);

    private AdamW8bit() {}

    private static float[] table(int levels) {
        float[] values = new float[256];
        for (int i = 0; i < values.length; i++) {
            int code = levels == UNSIGNED ? i : (byte) i;
            float a = code * (float) (1.0 / levels);
            float square = a * a;
            values[i] = Math.copySign(square * square, a);
        }
        return values;
    }

    /// Updates n elements in place, by the pool's workers.
    ///
    /// @param p parameter, F32
    /// @param g gradient, F32
    /// @param m first moments' codes
    /// @param mScales their scales
    /// @param v second moments' codes
    /// @param vScales their scales
    /// @param step counted from 1
    /// @param gradientScale factor of the gradient
    /// @param seed first number of the random stream
    public static void step(
            WorkerPool pool,
            long p,
            long g,
            long m,
            long mScales,
            long v,
            long vScales,
            long n,
            double lr,
            double beta1,
            double beta2,
            double eps,
            double weightDecay,
            long step,
            double gradientScale,
            long seed) {
        Args args = WorkerPool.args();
        args.l[0] = p;
        args.l[1] = g;
        args.l[2] = m;
        args.l[3] = mScales;
        args.l[4] = v;
        args.l[5] = vScales;
        args.l[6] = n;
        args.l[7] = seed;
        args.l[8] = step;
        args.d[0] = beta1;
        args.d[1] = beta2;
        args.d[2] = 1 - lr * weightDecay;
        args.d[3] = -lr / (1 - StrictMath.pow(beta1, step));
        args.d[4] = 1 / Math.sqrt(1 - StrictMath.pow(beta2, step));
        args.d[5] = eps;
        args.d[6] = gradientScale;
        pool.forRange(
                Math.ceilDiv(n, BLOCK),
                BLOCKS_AT_A_TIME,
                args,
                (a, from, to, worker) -> {
                    for (long block = from; block < to; block++) {
                        block(a, block);
                    }
                });
    }

    private static void block(Args a, long block) {
        long first = block * BLOCK;
        int count = (int) Math.min(BLOCK, a.l[6] - first);
        long scratch = Scratch.address();
        long m = Scratch.block(scratch, 0);
        long v = m + BYTES;
        long bits = v + BYTES;
        long codes = bits + BYTES;
        long p = a.l[0] + 4 * first;
        long g = a.l[1] + 4 * first;
        long mCodes = a.l[2] + first;
        long vCodes = a.l[4] + first;
        long mScale = a.l[3] + 4 * block;
        long vScale = a.l[5] + 4 * block;
        decode(mCodes, count, FIRST, ALL.get(FLOAT, mScale), m);
        decode(vCodes, count, SECOND, ALL.get(FLOAT, vScale), v);
        long most = Scratch.slot(scratch, 0);
        if (count == BLOCK) {
            update(p, g, m, v, a, most);
        } else {
            long staged = Scratch.block(scratch, 1);
            pad(staged, p, count);
            pad(staged + BYTES, g, count);
            update(staged, staged + BYTES, m, v, a, most);
            Fill.copy(staged, p, 4L * count);
        }
        Philox.fill(bits, first / 4, BLOCK / 4, a.l[7], a.l[8]);
        float mostM = ALL.get(FLOAT, most);
        float mostV = ALL.get(FLOAT, most + 4);
        encode(m, mostM, SIGNED, bits, 0.5f, 0, codes);
        store(codes, mCodes, count);
        encode(v, mostV, UNSIGNED, bits, 0, 1, codes);
        store(codes, vCodes, count);
        ALL.set(FLOAT, mScale, mostM);
        ALL.set(FLOAT, vScale, mostV);
    }

    private static void pad(long to, long from, int count) {
        Fill.copy(from, to, 4L * count);
        for (long i = count; i < BLOCK; i++) {
            ALL.set(FLOAT, to + 4 * i, 0f);
        }
    }

    private static void decode(long codes, int count, float[] table, float scale, long to) {
        for (int i = 0; i < count; i++) {
            int code = ALL.get(ValueLayout.JAVA_BYTE, codes + i) & 0xFF;
            ALL.set(FLOAT, to + 4L * i, table[code] * scale);
        }
        for (int i = count; i < BLOCK; i++) {
            ALL.set(FLOAT, to + 4L * i, 0f);
        }
    }

    private static void store(long codes, long to, int count) {
        for (int i = 0; i < count; i++) {
            ALL.set(ValueLayout.JAVA_BYTE, to + i, (byte) ALL.get(INT, codes + 4L * i));
        }
    }

    /// Updates a block of moments, in scratch memory, and parameters; leaves the moments' largest
    /// magnitudes at `most`.
    private static void update(long p, long g, long m, long v, Args a, long most) {
        float keepM = (float) a.d[0];
        float takeM = (float) (1 - a.d[0]);
        float keepV = (float) a.d[1];
        float takeV = (float) (1 - a.d[1]);
        float keep = (float) a.d[2];
        float correction = (float) a.d[4];
        float scale = (float) a.d[6];
        FloatVector rates = FloatVector.broadcast(F32, (float) a.d[3]);
        FloatVector eps = FloatVector.broadcast(F32, (float) a.d[5]);
        FloatVector mostM = FloatVector.zero(F32);
        FloatVector mostV = FloatVector.zero(F32);
        for (long i = 0; i < BYTES; i += 4 * N) {
            FloatVector gradient = FloatVector.fromMemorySegment(F32, ALL, g + i, LE).mul(scale);
            FloatVector first =
                    FloatVector.fromMemorySegment(F32, ALL, m + i, LE)
                            .mul(keepM)
                            .add(gradient.mul(takeM));
            FloatVector second =
                    FloatVector.fromMemorySegment(F32, ALL, v + i, LE)
                            .mul(keepV)
                            .add(gradient.mul(gradient).mul(takeV));
            FloatVector divisor = second.sqrt().mul(correction).add(eps);
            FloatVector step = first.div(divisor).mul(rates);
            FloatVector.fromMemorySegment(F32, ALL, p + i, LE)
                    .mul(keep)
                    .add(step)
                    .intoMemorySegment(ALL, p + i, LE);
            first.intoMemorySegment(ALL, m + i, LE);
            second.intoMemorySegment(ALL, v + i, LE);
            mostM = mostM.max(first.abs());
            mostV = mostV.max(second);
        }
        ALL.set(FLOAT, most, mostM.reduceLanes(VectorOperators.MAX));
        ALL.set(FLOAT, most + 4, mostV.reduceLanes(VectorOperators.MAX));
    }

    /// Codes of a block as ints, signed as the numbers are.
    ///
    /// @param most largest magnitude
    /// @param turn what is added to the random numbers, modulo 1
    /// @param least the least code of a number above 0
    private static void encode(
            long x, float most, int levels, long bits, float turn, int least, long codes) {
        float divisor = Math.max(most, Float.MIN_NORMAL);
        float part = (float) (1.0 / levels);
        FloatVector zero = FloatVector.zero(F32);
        FloatVector leasts = FloatVector.broadcast(F32, least);
        for (long i = 0; i < BYTES; i += 4 * N) {
            FloatVector value = FloatVector.fromMemorySegment(F32, ALL, x + i, LE);
            FloatVector r = value.abs().div(divisor);
            IntVector drawn =
                    IntVector.fromMemorySegment(I32, ALL, bits + i, LE)
                            .lanewise(VectorOperators.LSHR, 8);
            FloatVector u =
                    ((FloatVector) drawn.convertShape(VectorOperators.I2F, F32, 0)).mul(0x1p-24f);
            VectorMask<Float> low = u.compare(VectorOperators.LT, 0.5f);
            u = u.add(turn).blend(u.sub(turn), low.not());
            IntVector whole =
                    (IntVector)
                            r.sqrt().sqrt().mul(levels).convertShape(VectorOperators.F2I, I32, 0);
            FloatVector below =
                    ((FloatVector) whole.convertShape(VectorOperators.I2F, F32, 0)).min(levels - 1);
            FloatVector a = below.mul(part);
            FloatVector b = below.add(1f).mul(part);
            FloatVector aa = a.mul(a);
            FloatVector bb = b.mul(b);
            FloatVector from = aa.mul(aa);
            FloatVector to = bb.mul(bb);
            FloatVector chance = r.sub(from).div(to.sub(from));
            FloatVector code = below.blend(below.add(1f), u.compare(VectorOperators.LT, chance));
            code = code.blend(code.max(leasts), r.compare(VectorOperators.GT, zero));
            code = code.blend(code.neg(), value.compare(VectorOperators.LT, zero));
            ((IntVector) code.convertShape(VectorOperators.F2I, I32, 0))
                    .intoMemorySegment(ALL, codes + i, LE);
        }
    }
}
