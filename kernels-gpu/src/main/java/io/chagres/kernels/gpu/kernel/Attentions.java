package io.chagres.kernels.gpu.kernel;

import io.chagres.kernels.gpu.driver.CudaDevice;
import io.chagres.kernels.gpu.driver.Launch;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.backend.Kernel;
import io.chagres.tensor.backend.Kernels;
import io.chagres.tensor.op.Attention;
import java.util.Locale;

/// Attention of BF16 and F16 on tensor cores without stored scores (`attention.cu`): causal or not,
/// in a window, of grouped queries, of packed sequences.
///
/// Taken are heads of up to 128 elements, in multiples of 8, whose rows begin at multiples of 16
/// bytes, and a scale above 0. F32 and F64, masks, dropout and larger heads are left to the
/// operation's decomposition.
public final class Attentions {
    private static final int QUERIES = 64;
    private static final int THREADS = 128;
    private static final int GROUP = 8;
    private static final int SMALL = 64;
    private static final int LARGE = 128;
    private static final int MOST_TOKENS = 1 << 30;

    /// Two stages of 64 keys and 64 values, for each element of a head.
    private static final int SHARED_PER_ELEMENT = 512;

    private final Programs programs;
    private final CudaDevice device;

    /// Kernels of a device.
    public Attentions(Programs programs) {
        this.programs = programs;
        device = programs.device();
    }

    /// Adds the kernels to a table.
    public void register(Kernels table) {
        table.add(Attention.class, new Forward());
    }

    /// Whether rows of heads can be read 16 bytes at a time.
    private static boolean isAligned(Tensor t) {
        boolean aligned = t.address() % (GROUP * t.dtype().bytes()) == 0;
        for (int axis = 0; axis < 3; axis++) {
            aligned &= t.dim(axis) == 1 || t.layout().stride(axis) % GROUP == 0;
        }
        return aligned && t.layout().stride(3) == 1 && t.dim(3) % GROUP == 0 && t.dim(3) <= LARGE;
    }

    private static int headSize(Tensor[] in) {
        return Math.max(in[0].dim(3), in[2].dim(3)) <= SMALL ? SMALL : LARGE;
    }

    private static void addStrides(Launch launch, Tensor t) {
        for (int axis = 0; axis < 3; axis++) {
            launch.add(t.layout().stride(axis));
        }
    }

    private final class Forward implements Kernel<Attention> {
        @Override
        public boolean supports(Attention op, Tensor[] in) {
            return in[0].dtype().isNarrow()
                    && !op.masked()
                    && op.dropout() == 0
                    && (float) op.scale() > 0
                    && op.scale() <= Float.MAX_VALUE
                    && in[0].dim(1) < MOST_TOKENS
                    && in[1].dim(1) < MOST_TOKENS
                    && in[0].shape().size() > 0
                    && in[1].shape().size() > 0
                    && in[2].shape().size() > 0
                    && isAligned(in[0])
                    && isAligned(in[1])
                    && isAligned(in[2])
                    && (!op.packed() || in[3].layout().isContiguous());
        }

        @Override
        public void run(Attention op, Tensor[] in, Tensor[] out, long scratch) {
            Tensor q = in[0];
            Tensor k = in[1];
            Tensor v = in[2];
            int size = headSize(in);
            int shared = SHARED_PER_ELEMENT * size;
            String name = "attention_" + q.dtype().name().toLowerCase(Locale.ROOT) + "_" + size;
            Launch launch = device.launch(programs.kernel("attention", name, shared)).begin();
            launch.add(q.address())
                    .add(k.address())
                    .add(v.address())
                    .add(out[0].address())
                    .add(out[1].address())
                    .add(op.packed() ? in[3].address() + in[3].dtype().bytes() : 0L);
            addStrides(launch, q);
            addStrides(launch, k);
            addStrides(launch, v);
            launch.add((int) q.dim(1))
                    .add((int) k.dim(1))
                    .add((int) q.dim(2))
                    .add((int) (q.dim(2) / k.dim(2)))
                    .add((int) q.dim(3))
                    .add((int) v.dim(3))
                    .add(op.causal() ? 1 : 0)
                    .add(op.window() < k.dim(1) ? op.window() : 0)
                    .add(op.packed() ? (int) in[3].dim(0) - 1 : 0)
                    .add((float) op.scale())
                    .end();
            long blocks = (q.dim(1) + QUERIES - 1) / QUERIES;
            launch.run(blocks * q.dim(2) * q.dim(0), 1, 1, THREADS, shared);
        }
    }
}
