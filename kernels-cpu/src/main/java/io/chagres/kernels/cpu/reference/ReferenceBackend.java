package io.chagres.kernels.cpu.reference;

import io.chagres.tensor.Tensor;
import io.chagres.tensor.backend.Backend;
import io.chagres.tensor.backend.Kernels;
import io.chagres.tensor.memory.HostMemory;
import io.chagres.tensor.memory.MemorySource;
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
import java.util.function.LongUnaryOperator;

/// Computes every primitive with plain scalar loops, one after the other, on one thread.
///
/// Floats are computed in double precision and rounded once, to nearest even, when an operation
/// stores its result; sums are double sums in row-major order; whole numbers are computed in 64
/// bits and wrap around when stored. The functions are those of `StrictMath`. So the same inputs
/// give the same bits on every machine. It has no kernels: composites run as their decomposition.
///
/// Any dtype, layout and broadcast is accepted.
public final class ReferenceBackend implements Backend {
    private final String name;
    private final MemorySource memory;
    private final LongUnaryOperator hostAddress;
    private final Kernels kernels = new Kernels();

    /// A backend on host memory.
    public ReferenceBackend() {
        this("reference", HostMemory.INSTANCE, LongUnaryOperator.identity());
    }

    /// A backend on another memory whose bytes this process can reach.
    ///
    /// @param name name of the backend
    /// @param memory where its tensors live
    /// @param hostAddress turns an address of that memory into a native address of this process
    public ReferenceBackend(String name, MemorySource memory, LongUnaryOperator hostAddress) {
        this.name = name;
        this.memory = memory;
        this.hostAddress = hostAddress;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public String describe() {
        return name + ": scalar reference on " + memory.name() + ", one thread, no kernels";
    }

    @Override
    public MemorySource memory() {
        return memory;
    }

    @Override
    public Kernels kernels() {
        return kernels;
    }

    @Override
    public void run(Primitive op, Tensor[] in, Tensor[] out) {
        Cells[] x = cells(in);
        Cells[] y = cells(out);
        switch (op) {
            case Affine affine -> Elementwise.affine(affine, x[0], y[0]);
            case ArgMax argMax -> Order.argMax(argMax.axis(), x[0], y[0]);
            case Binary binary -> Elementwise.binary(binary, x[0], x[1], y[0]);
            case Cast _ -> Elementwise.cast(x[0], y[0]);
            case Compare compare -> Elementwise.compare(compare, x[0], x[1], y[0]);
            case Concat concat -> Movement.concat(concat.axis(), x, y[0]);
            case Copy _ -> Movement.copy(x[0], y[0]);
            case CumSum cumSum -> Sums.cumSum(cumSum, x[0], y[0]);
            case Full full -> Creation.full(full.value(), y[0]);
            case Gather gather -> Indexing.gather(gather.axis(), x[0], x[1], y[0]);
            case IndexAdd _ -> Indexing.indexAdd(x[0], x[1], y[0]);
            case IndexSelect _ -> Indexing.indexSelect(x[0], x[1], y[0]);
            case Iota iota -> Creation.iota(iota.axis(), y[0]);
            case MatMul _ -> Product.matMul(x[0], x[1], y[0]);
            case Max max -> Order.max(max.axis(), x[0], y[0]);
            case Pad pad -> Movement.pad(pad, x[0], y[0]);
            case RandomUniform _ -> Creation.uniform(x[0], y[0]);
            case ScatterAdd scatter -> Indexing.scatterAdd(scatter.axis(), x[0], x[1], y[0]);
            case Select _ -> Elementwise.select(x[0], x[1], x[2], y[0]);
            case SumTo _ -> Sums.sumTo(x[0], y[0]);
            case TopK _ -> Order.topK(x[0], y[0], y[1]);
            case Unary unary -> Elementwise.unary(unary, x[0], y[0]);
        }
    }

    @Override
    public void close() {}

    private Cells[] cells(Tensor[] tensors) {
        Cells[] all = new Cells[tensors.length];
        for (int i = 0; i < all.length; i++) {
            Tensor t = tensors[i];
            all[i] = new Cells(t.dtype(), t.layout(), hostAddress.applyAsLong(t.address()));
        }
        return all;
    }
}
