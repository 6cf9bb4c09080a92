package io.chagres.kernels.gpu.kernel;

import io.chagres.kernels.gpu.driver.CudaDevice;
import io.chagres.kernels.gpu.driver.CudaFunction;
import io.chagres.kernels.gpu.driver.Launch;
import io.chagres.tensor.DType;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.backend.Kernels;
import io.chagres.tensor.op.Activation;
import io.chagres.tensor.op.ActivationBackward;
import io.chagres.tensor.op.Rope;
import io.chagres.tensor.op.SwiGlu;
import io.chagres.tensor.op.SwiGluBackward;
import java.util.Locale;

/// Element-wise operations of neural networks: `activation.cu`, and `rope.cu`.
public final class Activations {
    private static final int THREADS = 256;

    private final CudaDevice device;
    private final Programs programs;
    private final Family<DType> activation;
    private final Family<DType> activationBackward;
    private final Family<DType> swiGlu;
    private final Family<DType> swiGluBackward;

    /// Kernels of a device.
    public Activations(Programs programs) {
        this.programs = programs;
        device = programs.device();
        activation = programs.perType("activation", "activation");
        activationBackward = programs.perType("activation", "activation_backward");
        swiGlu = programs.perType("activation", "swiglu");
        swiGluBackward = programs.perType("activation", "swiglu_backward");
    }

    /// Adds the kernels to a table.
    public void register(Kernels table) {
        table.add(
                        Activation.class,
                        (op, in, out, _) ->
                                each(activation.of(in[0].dtype()), op.ordinal(), in, out))
                .add(
                        ActivationBackward.class,
                        (op, in, out, _) ->
                                each(
                                        activationBackward.of(in[0].dtype()),
                                        op.activation().ordinal(),
                                        in,
                                        out))
                .add(SwiGlu.class, (op, in, out, _) -> each(swiGlu.of(in[0].dtype()), -1, in, out))
                .add(
                        SwiGluBackward.class,
                        (op, in, out, _) -> each(swiGluBackward.of(in[0].dtype()), -1, in, out))
                .add(Rope.class, (op, in, out, _) -> rope(op, in, out[0]));
    }

    /// A kernel whose parameters are the walk, the addresses, and a number unless it is negative.
    private void each(CudaFunction f, int number, Tensor[] in, Tensor[] out) {
        int n = in.length + out.length;
        Operand[] all = new Operand[n];
        long[][] strides = new long[n][];
        for (int i = 0; i < n; i++) {
            all[i] = Operand.of(i < in.length ? in[i] : out[i - in.length]);
            strides[i] = all[i].strides();
        }
        Walk.of(out[0].shape().toArray(), strides)
                .forEach((walk, from) -> {
                    Launch launch = walk.addTo(device.launch(f));
                    for (int i = 0; i < n; i++) {
                        launch.add(all[i].at(from[i]));
                    }
                    if (number >= 0) {
                        launch.add(number);
                    }
                    launch.run(walk.blocks(), 1, 1, THREADS, 0);
                });
    }

    private void rope(Rope op, Tensor[] in, Tensor y) {
        Operand x = Operand.of(in[0]);
        Operand cosine = Operand.of(in[1]);
        Operand sine = Operand.of(in[2]);
        Operand to = Operand.of(y);
        int last = x.shape().rank() - 1;
        long half = x.shape().last() / 2;
        Shape pairs = x.shape().with(last, half);
        // Tables have no axis of heads: they are the same for all.
        Shape table = pairs.without(-2);
        long[] pairX = x.strides().clone();
        long[] pairY = to.strides().clone();
        long stepX = op.interleaved() ? pairX[last] : half * pairX[last];
        long stepY = op.interleaved() ? 1 : half;
        if (op.interleaved()) {
            pairX[last] *= 2;
            pairY[last] *= 2;
        }
        boolean wide = in[1].dtype() != in[0].dtype();
        CudaFunction f =
                programs.kernel(
                        "rope",
                        "rope_"
                                + in[0].dtype().name().toLowerCase(Locale.ROOT)
                                + (wide ? "_wide" : ""));
        Walk.of(pairs.toArray(), pairX, perHead(cosine.to(table)), perHead(sine.to(table)), pairY)
                .forEach((walk, from) -> {
                    Launch launch = walk.addTo(device.launch(f));
                    launch.add(x.at(from[0]))
                            .add(cosine.at(from[1]))
                            .add(sine.at(from[2]))
                            .add(to.at(from[3]))
                            .add(stepX)
                            .add(stepY)
                            .add(op.inverse() ? -1f : 1f)
                            .run(walk.blocks(), 1, 1, THREADS, 0);
                });
    }

    private static long[] perHead(long[] strides) {
        long[] all = new long[strides.length + 1];
        System.arraycopy(strides, 0, all, 0, strides.length - 1);
        all[strides.length] = strides[strides.length - 1];
        return all;
    }
}
