package io.chagres.bench.peers;

import io.chagres.bench.Library;
import io.chagres.bench.Prepared;
import io.chagres.bench.Task;
import io.chagres.bench.Unsupported;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.openblas.global.openblas;

/// OpenBLAS: matrix products in F32, and a matrix with a vector where there is one.
public final class OpenBlas implements Library {
    /// Starts it.
    public static final class Provider implements Library.Provider {
        /// Made by [java.util.ServiceLoader].
        public Provider() {}

        @Override
        public String name() {
            return "openblas";
        }

        @Override
        public Library open(int threads) {
            openblas.blas_set_num_threads(threads);
            return new OpenBlas();
        }
    }

    private OpenBlas() {}

    @Override
    public Prepared prepare(Task task) {
        if (!task.workload().equals("gemm") || !task.dtype().equals("f32")) {
            throw new Unsupported("OpenBLAS multiplies matrices in f32");
        }
        int[] s = task.dims();
        int m = s[0];
        int n = s[1];
        int k = s[2];
        boolean turnedA = task.op().equals("tn");
        boolean turnedB = task.op().equals("nt");
        FloatPointer a = random((long) m * k);
        FloatPointer b = random((long) k * n);
        FloatPointer c = random((long) m * n);
        int lda = turnedA ? m : k;
        int ldb = turnedB ? k : n;
        int opA = turnedA ? openblas.CblasTrans : openblas.CblasNoTrans;
        int opB = turnedB ? openblas.CblasTrans : openblas.CblasNoTrans;
        Runnable product;
        if (m == 1) {
            // y = Bᵀ a
            int op = turnedB ? openblas.CblasNoTrans : openblas.CblasTrans;
            product = () -> gemv(op, turnedB ? n : k, ldb, b, a, c);
        } else if (n == 1) {
            product = () -> gemv(opA, turnedA ? k : m, lda, a, b, c);
        } else {
            product =
                    () ->
                            openblas.cblas_sgemm(
                                    openblas.CblasRowMajor,
                                    opA,
                                    opB,
                                    m,
                                    n,
                                    k,
                                    1,
                                    a,
                                    lda,
                                    b,
                                    ldb,
                                    0,
                                    c,
                                    n);
        }
        return new Prepared() {
            @Override
            public void run() {
                product.run();
            }

            @Override
            public void close() {
                a.close();
                b.close();
                c.close();
            }
        };
    }

    /// y = op(A) x with a matrix of `rows` rows and `columns` columns.
    private static void gemv(
            int op, int rows, int columns, FloatPointer a, FloatPointer x, FloatPointer y) {
        openblas.cblas_sgemv(
                openblas.CblasRowMajor, op, rows, columns, 1, a, columns, x, 1, 0, y, 1);
    }

    private static FloatPointer random(long n) {
        FloatPointer p = new FloatPointer(n);
        for (long i = 0; i < n; i++) {
            p.put(i, (i * 7919 % 2003 - 1001) / 1001f);
        }
        return p;
    }

    @Override
    public void close() {
        // the library stays loaded until the process ends
    }
}
