package io.chagres.bench.peers;

import io.chagres.bench.Library;
import io.chagres.bench.Prepared;
import io.chagres.bench.Task;
import io.chagres.bench.Unsupported;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.openblas.global.openblas;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/// libtorch. How many threads of which kind it computes with is up to `OMP_NUM_THREADS` and
/// `OPENBLAS_NUM_THREADS`.
public final class Torch implements Library {
    /// Starts it.
    public static final class Provider implements Library.Provider {
        /// Made by [java.util.ServiceLoader].
        public Provider() {}

        @Override
        public String name() {
            return "libtorch";
        }

        @Override
        public Library open(int threads) {
            torch.set_num_threads(setting("OMP_NUM_THREADS", threads));
            openblas.blas_set_num_threads(setting("OPENBLAS_NUM_THREADS", threads));
            torch.manual_seed(1);
            return new Torch();
        }

        private static int setting(String variable, int threads) {
            String value = System.getenv(variable);
            return value == null ? threads : Integer.parseInt(value);
        }
    }

    private Torch() {}

    @Override
    public Prepared prepare(Task task) {
        return switch (task.workload()) {
            case "gemm" -> gemm(task);
            case "attention" -> TorchAttention.prepare(task);
            case "norms" -> TorchNorms.prepare(task);
            case "train-step" -> TorchStep.prepare(task);
            default -> throw new Unsupported("libtorch is not asked to do " + task.workload());
        };
    }

    private static Prepared gemm(Task task) {
        int[] s = task.dims();
        boolean turnedA = task.op().equals("tn");
        boolean turnedB = task.op().equals("nt");
        Tensor a = random(task, 1, turnedA ? s[2] : s[0], turnedA ? s[0] : s[2]);
        Tensor b = random(task, 1, turnedB ? s[1] : s[2], turnedB ? s[2] : s[1]);
        Tensor left = turnedA ? a.t() : a;
        Tensor right = turnedB ? b.t() : b;
        return prepared(() -> torch.mm(left, right));
    }

    /// Normal numbers in the task's dtype.
    static Tensor random(Task task, double scale, long... dims) {
        Tensor x = torch.randn(dims).mul(new Scalar(scale)).detach();
        return switch (task.dtype()) {
            case "f32" -> x;
            case "bf16" -> x.to(torch.ScalarType.BFloat16);
            default -> throw new Unsupported("libtorch has no " + task.dtype() + " for this");
        };
    }

    /// A task whose run is this body; what the run allocates is freed after it.
    static Prepared prepared(Runnable body) {
        return new Prepared() {
            @Override
            public void run() {
                try (PointerScope _ = new PointerScope()) {
                    body.run();
                }
            }

            @Override
            public void close() {
                System.gc(); // operands are freed with the objects that hold them
            }
        };
    }

    @Override
    public void close() {
        // the library stays loaded until the process ends
    }
}
