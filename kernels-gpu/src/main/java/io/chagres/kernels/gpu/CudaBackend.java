package io.chagres.kernels.gpu;

import io.chagres.kernels.gpu.driver.CudaDevice;
import io.chagres.kernels.gpu.driver.CudaLibrary;
import io.chagres.kernels.gpu.kernel.Activations;
import io.chagres.kernels.gpu.kernel.Attentions;
import io.chagres.kernels.gpu.kernel.Elementwise;
import io.chagres.kernels.gpu.kernel.Indexing;
import io.chagres.kernels.gpu.kernel.Movement;
import io.chagres.kernels.gpu.kernel.Optimizers;
import io.chagres.kernels.gpu.kernel.Products;
import io.chagres.kernels.gpu.kernel.Programs;
import io.chagres.kernels.gpu.kernel.Reductions;
import io.chagres.kernels.gpu.kernel.Rows;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.backend.Backend;
import io.chagres.tensor.backend.DeviceFailed;
import io.chagres.tensor.backend.Kernels;
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

/// An NVIDIA GPU: the kernels this jar ships as PTX, launched through `libcuda`.
///
/// Operations are queued and return at once; reading a value waits. A wrong index therefore throws
/// at the next read, not where the operation stands.
public final class CudaBackend implements Backend {
    private final CudaLibrary library;
    private final CudaDevice device;
    private final CudaMemory memory;
    private final Kernels kernels = new Kernels();
    private final Elementwise elementwise;
    private final Movement movement;
    private final Reductions reductions;
    private final Indexing indexing;
    private final Products products;

    /// Opens a device of a driver.
    ///
    /// @param library the driver
    /// @param ordinal the device's number
    /// @param check whether to wait for each launch, so that an error names its kernel
    /// @throws DeviceFailed when it cannot be opened, with the reason
    public CudaBackend(CudaLibrary library, int ordinal, boolean check) {
        this.library = library;
        device = new CudaDevice(library.driver(), library.device(ordinal), check);
        memory = new CudaMemory(device);
        Programs programs = new Programs(device);
        elementwise = new Elementwise(programs);
        movement = new Movement(programs);
        reductions = new Reductions(programs);
        indexing = new Indexing(programs);
        products = new Products(programs);
        products.register(kernels);
        new Rows(programs).register(kernels);
        new Activations(programs).register(kernels);
        new Attentions(programs).register(kernels);
        new Optimizers(programs).register(kernels);
    }

    @Override
    public String name() {
        return device.name();
    }

    @Override
    public String describe() {
        return device.facts()
                + ", driver for CUDA "
                + library.release()
                + "; kernels: "
                + String.join(", ", kernels.operations());
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
        Tensor y = out[0];
        switch (op) {
            case Affine affine -> elementwise.affine(affine, in[0], y);
            case ArgMax argMax -> reductions.argMax(argMax.axis(), in[0], y);
            case Binary binary -> elementwise.binary(binary, in[0], in[1], y);
            case Cast _ -> elementwise.cast(in[0], y);
            case Compare compare -> elementwise.compare(compare, in[0], in[1], y);
            case Concat concat -> movement.concat(concat.axis(), in, y);
            case Copy _ -> movement.copy(in[0], y);
            case CumSum cumSum -> reductions.cumSum(cumSum, in[0], y);
            case Full full -> movement.full(full, y);
            case Gather gather -> indexing.gather(gather.axis(), in[0], in[1], y);
            case IndexAdd _ -> indexing.indexAdd(in[0], in[1], y);
            case IndexSelect _ -> indexing.indexSelect(in[0], in[1], y);
            case Iota iota -> movement.iota(iota, y);
            case MatMul _ -> products.matMul(in[0], in[1], y);
            case Max max -> reductions.max(max.axis(), in[0], y);
            case Pad pad -> movement.pad(pad, in[0], y);
            case RandomUniform _ -> movement.uniform(in[0], y);
            case ScatterAdd scatter -> indexing.scatterAdd(scatter.axis(), in[0], in[1], y);
            case Select _ -> elementwise.select(in[0], in[1], in[2], y);
            case SumTo _ -> reductions.sumTo(in[0], y);
            case TopK _ -> reductions.topK(in[0], y, out[1]);
            case Unary unary -> elementwise.unary(unary, in[0], y);
        }
    }

    @Override
    public void close() {
        device.close();
    }
}
