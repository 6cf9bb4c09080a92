package io.chagres.bench;

import io.chagres.tensor.DType;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.backend.Backend;
import io.chagres.tensor.op.Int8LinearDynamic;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/// Matrix products C = A·B; shapes are M x N x K. The operation says how operands are stored: `nn`
/// both row by row, `nt` B transposed (gradient of A), `tn` A transposed (gradient of B).
///
/// With `int8` A is F32 and quantised as it comes, and B holds weights of eight bits, transposed as
/// such weights are stored: [Int8LinearDynamic], the quantising included.
final class GemmWorkload implements Workload {
    private static final int[][] SIZES = {
        {256, 256, 256},
        {512, 512, 512},
        {1024, 1024, 1024},
        {2048, 2048, 2048},
        {512, 3072, 768},
        {512, 768, 3072},
        {512, 50257, 768},
        {2048, 1536, 384},
    };
    private static final String[] LAYOUTS = {"nn", "nt", "tn"};
    private static final String INT8 = "int8";
    private static final double INT8_SCALE = 0x1p-10;
    private static final double MOST_FLOPS = 4e9;
    private static final int PROBE = 256;
    private static final double LEAST_RATE = 1e9;
    private static final int[] PRIMES = {
        17, 31, 61, 97, 127, 193, 257, 383, 509, 641, 769, 1021, 1531, 2039, 3067, 4093
    };

    @Override
    public String name() {
        return "gemm";
    }

    @Override
    public String unit() {
        return "gflops";
    }

    @Override
    public double work(Task task) {
        int[] s = task.dims();
        return 2e-9 * s[0] * s[1] * s[2];
    }

    @Override
    public List<Task> tasks(Choice choice) {
        return choice.random() > 0
                ? random(choice.random(), choice.seed(), choice.dtype())
                : usual(choice.dtype());
    }

    private static List<Task> usual(String dtype) {
        List<Task> tasks = new ArrayList<>();
        boolean bytes = dtype.equals(INT8);
        String forward = bytes ? "nt" : "nn";
        for (int[] s : SIZES) {
            tasks.add(task(forward, dtype, s[0], s[1], s[2]));
        }
        if (bytes) {
            return tasks;
        }
        for (int[] s : SIZES) {
            tasks.add(task("nt", dtype, s[0], s[2], s[1]));
            tasks.add(task("tn", dtype, s[2], s[1], s[0]));
        }
        return tasks;
    }

    /// Sizes from 1 to 4,096, as many small as large ones: every fourth product has M from 1 to 16,
    /// every fourth number is a prime.
    static List<Task> random(int count, long seed, String dtype) {
        SplittableRandom random = new SplittableRandom(seed);
        List<Task> tasks = new ArrayList<>();
        while (tasks.size() < count) {
            int m = tasks.size() % 4 == 0 ? random.nextInt(1, 17) : size(random);
            int n = size(random);
            int k = size(random);
            String layout = LAYOUTS[random.nextInt(3)];
            Task task = task(dtype.equals(INT8) ? "nt" : layout, dtype, m, n, k);
            if (2.0 * m * n * k <= MOST_FLOPS && !tasks.contains(task)) {
                tasks.add(task);
            }
        }
        return tasks;
    }

    private static int size(SplittableRandom random) {
        return random.nextInt(4) == 0
                ? PRIMES[random.nextInt(PRIMES.length)]
                : (int) Math.round(Math.pow(2, random.nextDouble(4, 12)));
    }

    private static Task task(String layout, String dtype, int m, int n, int k) {
        return new Task("gemm", layout, m + "x" + n + "x" + k, dtype);
    }

    @Override
    public Prepared prepare(Backend backend, int threads, Task task) {
        Operands o = new Operands(backend);
        int[] s = task.dims();
        DType dtype = Operands.dtype(task);
        boolean turnedA = task.op().equals("tn");
        boolean turnedB = task.op().equals("nt");
        if (dtype == DType.I8) {
            Tensor x = o.random(DType.F32, 1, s[0], s[2]);
            Tensor q = o.random(dtype, Byte.MAX_VALUE, s[1], s[2]);
            Tensor scale = o.random(DType.F32, INT8_SCALE, s[1]);
            return o.prepared(() -> Int8LinearDynamic.int8LinearDynamic(x, q, scale, null));
        }
        if (dtype != DType.F32) {
            refuseScalar(o, dtype);
        }
        Tensor a = o.random(dtype, 1, turnedA ? s[2] : s[0], turnedA ? s[0] : s[2]);
        Tensor b = o.random(dtype, 1, turnedB ? s[1] : s[2], turnedB ? s[2] : s[1]);
        return o.prepared(() -> (turnedA ? a.transpose() : a).matmul(turnedB ? b.transpose() : b));
    }

    /// Without a kernel for the dtype a large product would take minutes.
    private static void refuseScalar(Operands o, DType dtype) {
        Tensor small = o.random(dtype, 1, PROBE, PROBE);
        double seconds = Double.MAX_VALUE;
        for (int i = 0; i < 3; i++) {
            long start = System.nanoTime();
            o.step().call(() -> small.matmul(small).shape());
            seconds = Math.min(seconds, (System.nanoTime() - start) * 1e-9);
        }
        if (2.0 * PROBE * PROBE * PROBE / seconds < LEAST_RATE) {
            throw new Unsupported("no kernel multiplies matrices of " + dtype);
        }
    }
}
