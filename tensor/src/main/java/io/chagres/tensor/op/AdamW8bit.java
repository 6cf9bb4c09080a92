package io.chagres.tensor.op;

import io.chagres.tensor.DType;
import io.chagres.tensor.Interpreter;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Spec;
import io.chagres.tensor.Tensor;

/// One [AdamW] step whose moments are kept in 8 bits, after Dettmers et al. 2021, arXiv:2110.02861.
///
/// Elements, in row-major order, form blocks of [#BLOCK] with a scale s each, the largest magnitude
/// in the block. A first moment is s · sign(c) · (|c| / 127)⁴ with c from -127 to 127; a second one
/// s · (c / 255)⁴ with c from 0 to 255, stored as the byte of that number. The fourth power spends
/// the codes on small numbers: they reach down to 2·10⁻¹⁰ of the largest.
///
/// Rounding is to one of the two codes around a number, at random so that its mean is exact:
/// otherwise a slow average would never leave its code. The random number of an element is that of
/// [RandomUniform] with the stream (seed, t), and that plus one half for first moments. A second
/// moment above 0 is never rounded to 0. The parameter is updated with the moments before rounding.
/// All is computed in F32.
///
/// Inputs: p, first moments' codes I8 and scales F32 (blocks), second moments' codes and scales
/// (all written), g, and the F64 vector (lr, t, k) as in [AdamW]. p, g and codes have one shape.
///
/// @param beta1 β₁
/// @param beta2 β₂
/// @param eps added to the root
/// @param weightDecay λ
/// @param seed first number of the random stream, another one for each parameter
public record AdamW8bit(double beta1, double beta2, double eps, double weightDecay, long seed)
        implements Update {
    /// Elements that share a scale.
    public static final int BLOCK = 256;

    /// Largest code of a first moment.
    public static final int SIGNED = 127;

    /// Largest code of a second moment.
    public static final int UNSIGNED = 255;

    private static final int BYTE = 256;
    private static final int[] WRITES = {0, 1, 2, 3, 4};

    /// Blocks of so many elements.
    public static long blocks(long elements) {
        return Math.ceilDiv(elements, BLOCK);
    }

    @Override
    public int[] writes() {
        return WRITES.clone();
    }

    @Override
    public void check(Spec... in) {
        Check.arity(7, "adamW8bit", in);
        Shape shape = in[0].shape();
        Spec codes = new Spec(DType.I8, shape);
        Spec scales = new Spec(DType.F32, Shape.of(blocks(shape.size())));
        Check.isFloat("adamW8bit", in[0], in[5]);
        Check.shape(5, shape, "adamW8bit", in);
        Check.that(
                in[1].equals(codes)
                        && in[3].equals(codes)
                        && in[2].equals(scales)
                        && in[4].equals(scales),
                "adamW8bit",
                "codes are I8 of p's shape, scales F32 (blocks)",
                in);
        Check.that(
                in[6].equals(new Spec(DType.F64, Shape.of(3))),
                "adamW8bit",
                "(lr, t, k) is F64 (3)",
                in);
    }

    @Override
    public Tensor[] decompose(Tensor... in) {
        Shape shape = in[0].shape();
        Tensor lr = number(in[6], 0);
        Tensor t = number(in[6], 1);
        Tensor g = rows(in[5].cast(DType.F32)).mul(number(in[6], 2).cast(DType.F32));
        Tensor oldM = signed(rows(in[1].cast(DType.F32))).mul(in[2].reshape(-1, 1));
        Tensor oldV = unsigned(rows(in[3].cast(DType.F32))).mul(in[4].reshape(-1, 1));
        Tensor m = oldM.scale(beta1).add(g.scale(1 - beta1));
        Tensor v = oldV.scale(beta2).add(g.square().scale(1 - beta2));

        Tensor rate = lr.neg().div(correction(beta1, t)).cast(DType.F32);
        Tensor wider = Full.onesLike(t).div(correction(beta2, t).sqrt()).cast(DType.F32);
        Tensor step = m.div(v.sqrt().mul(wider).shift(eps)).mul(rate);
        Tensor keep = lr.scale(-weightDecay).shift(1).cast(DType.F32);
        Tensor p = in[0].cast(DType.F32).mul(keep).add(flat(step, shape));

        Tensor seeds = Full.full(new Spec(DType.I64, Shape.of(1)), seed);
        Tensor stream = Concat.concat(0, seeds, t.cast(DType.I64).reshape(1));
        Tensor u = RandomUniform.uniform(stream, m.shape());
        Tensor half = Full.scalar(DType.F32, 0.5);
        Tensor other = u.compare(Compare.LT, half).select(u.shift(0.5), u.shift(-0.5));

        Tensor size = Interpreter.run(Unary.ABS, m);
        Tensor sizeM = size.max(-1);
        Tensor codeM = code(size.div(above0(sizeM)), SIGNED, other);
        Tensor zero = Full.scalar(DType.F32, 0);
        Tensor signedM = m.compare(Compare.LT, zero).select(codeM.neg(), codeM);
        Tensor sizeV = v.max(-1);
        Tensor part = v.div(above0(sizeV));
        Tensor codeV = code(part, UNSIGNED, u);
        Tensor one = Full.scalar(DType.F32, 1);
        Tensor kept = part.compare(Compare.GT, zero).select(codeV.max(one), codeV);
        Tensor largest = Full.scalar(DType.F32, SIGNED);
        Tensor byteV = kept.compare(Compare.GT, largest).select(kept.shift(-BYTE), kept);
        return new Tensor[] {
            p.cast(in[0].dtype()),
            flat(signedM, shape).cast(DType.I8),
            sizeM.reshape(in[2].shape()),
            flat(byteV, shape).cast(DType.I8),
            sizeV.reshape(in[4].shape())
        };
    }

    private static Tensor number(Tensor hyper, int i) {
        return hyper.slice(0, i, 1).reshape(Shape.of());
    }

    private static Tensor correction(double beta, Tensor t) {
        return t.scale(Math.log(beta)).exp().neg().shift(1);
    }

    /// Elements in rows of a block each, the last filled up with zeros.
    private static Tensor rows(Tensor x) {
        long n = x.shape().size();
        Tensor all = x.contiguous().reshape(n);
        return Pad.pad(all, 0, 0, blocks(n) * BLOCK - n).reshape(blocks(n), BLOCK);
    }

    private static Tensor flat(Tensor rows, Shape shape) {
        return rows.reshape(rows.shape().size()).slice(0, 0, shape.size()).reshape(shape);
    }

    private static Tensor signed(Tensor codes) {
        Tensor a = codes.scale(1.0 / SIGNED);
        Tensor power = fourth(a);
        return a.compare(Compare.LT, Full.scalar(DType.F32, 0)).select(power.neg(), power);
    }

    private static Tensor unsigned(Tensor codes) {
        Tensor zero = Full.scalar(DType.F32, 0);
        Tensor c = codes.compare(Compare.LT, zero).select(codes.shift(BYTE), codes);
        return fourth(c.scale(1.0 / UNSIGNED));
    }

    private static Tensor fourth(Tensor a) {
        return a.square().square();
    }

    private static Tensor above0(Tensor size) {
        return size.max(Full.scalar(DType.F32, Float.MIN_NORMAL));
    }

    /// One of the two codes around each part of the largest magnitude.
    private static Tensor code(Tensor part, int levels, Tensor u) {
        Tensor below =
                part.sqrt()
                        .sqrt()
                        .scale(levels)
                        .cast(DType.I32)
                        .cast(DType.F32)
                        .min(Full.scalar(DType.F32, levels - 1));
        Tensor low = fourth(below.scale(1.0 / levels));
        Tensor high = fourth(below.shift(1).scale(1.0 / levels));
        Tensor chance = part.sub(low).div(high.sub(low));
        return u.compare(Compare.LT, chance).select(below.shift(1), below);
    }
}
