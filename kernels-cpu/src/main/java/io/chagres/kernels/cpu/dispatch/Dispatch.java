package io.chagres.kernels.cpu.dispatch;

import io.chagres.kernels.cpu.pool.WorkerPool;
import io.chagres.kernels.cpu.reference.ReferenceBackend;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.backend.Kernels;
import io.chagres.tensor.op.Affine;
import io.chagres.tensor.op.ArgMax;
import io.chagres.tensor.op.Binary;
import io.chagres.tensor.op.Cast;
import io.chagres.tensor.op.Compare;
import io.chagres.tensor.op.Concat;
import io.chagres.tensor.op.Copy;
import io.chagres.tensor.op.CumSum;
import io.chagres.tensor.op.Full;
import io.chagres.tensor.op.Gather;
import io.chagres.tensor.op.IndexAdd;
import io.chagres.tensor.op.IndexSelect;
import io.chagres.tensor.op.Iota;
import io.chagres.tensor.op.MatMul;
import io.chagres.tensor.op.Max;
import io.chagres.tensor.op.Pad;
import io.chagres.tensor.op.Primitive;
import io.chagres.tensor.op.RandomUniform;
import io.chagres.tensor.op.ScatterAdd;
import io.chagres.tensor.op.Select;
import io.chagres.tensor.op.SumTo;
import io.chagres.tensor.op.TopK;
import io.chagres.tensor.op.Unary;

/// Hands operations to vector kernels where these support the operands, and to the scalar reference
/// where not. Everything that needs the Vector API is behind this class.
public final class Dispatch implements AutoCloseable {
    private final WorkerPool pool;
    private final ReferenceBackend reference;
    private final Kernels kernels = new Kernels();
    private final ScratchPool scratches = new ScratchPool();
    private final ElementwiseKernels elementwise;
    private final RowKernels rows;
    private final ProductKernels products;
    private final ModelKernels models;
    private final MovementKernels movement;
    private final AttentionKernels attention;
    private final Comparisons comparisons;
    private final IndexKernels indices;

    /// Kernels on a pool's threads.
    public Dispatch(WorkerPool pool, ReferenceBackend reference) {
        this.pool = pool;
        this.reference = reference;
        movement = new MovementKernels(pool);
        elementwise = new ElementwiseKernels(pool, scratches, movement);
        rows = new RowKernels(pool, scratches);
        products = new ProductKernels(pool, scratches);
        models = new ModelKernels(pool, scratches);
        attention = new AttentionKernels(pool);
        comparisons = new Comparisons(pool);
        indices = new IndexKernels(pool);
        elementwise.register(kernels);
        rows.register(kernels);
        products.register(kernels);
        models.register(kernels);
        attention.register(kernels);
        new QuantKernels(pool).register(kernels);
        new GroupedKernels(pool).register(kernels);
        new SortKernels(pool).register(kernels);
    }

    /// Kernels for composites and updates.
    public Kernels kernels() {
        return kernels;
    }

    /// Computes a primitive.
    public void run(Primitive op, Tensor[] in, Tensor[] out) {
        boolean done =
                switch (op) {
                    case Affine o -> elementwise.affine(o, in[0], out[0]);
                    case Binary o -> elementwise.binary(o, in[0], in[1], out[0]);
                    case Cast o -> elementwise.cast(o, in[0], out[0]);
                    case Concat o -> movement.concat(o.axis(), in, out[0]);
                    case Copy o -> movement.copy(in[0], out[0]);
                    case Full o -> elementwise.full(o.value(), out[0]);
                    case IndexAdd o -> models.indexAdd(o, in[0], in[1], out[0]);
                    case IndexSelect o -> models.indexSelect(o, in[0], in[1], out[0]);
                    case MatMul o -> products.matmul(in[0], in[1], out[0]);
                    case Max o -> rows.max(o.axis(), in[0], out[0]);
                    case Pad o -> movement.pad(o, in[0], out[0]);
                    case SumTo o -> rows.sum(o, in[0], out[0]);
                    case Unary o -> elementwise.unary(o, in[0], out[0]);
                    case ArgMax o -> indices.argMax(o, in[0], out[0]);
                    case Compare o -> comparisons.compare(o, in[0], in[1], out[0]);
                    case CumSum o -> indices.cumSum(o, in[0], out[0]);
                    case Gather o -> indices.gather(o, in[0], in[1], out[0]);
                    case Iota o -> false;
                    case RandomUniform o -> false;
                    case ScatterAdd o -> indices.scatterAdd(o, in[0], in[1], out[0]);
                    case Select o -> indices.select(in[0], in[1], in[2], out[0]);
                    case TopK o -> indices.topK(o, in[0], out[0], out[1]);
                };
        if (!done) {
            reference.run(op, in, out);
        }
    }

    @Override
    public void close() {
        attention.close();
        scratches.close();
        pool.close();
    }
}
