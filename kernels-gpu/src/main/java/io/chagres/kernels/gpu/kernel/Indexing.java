package io.chagres.kernels.gpu.kernel;

import io.chagres.kernels.gpu.driver.CudaDevice;
import io.chagres.kernels.gpu.driver.Launch;
import io.chagres.tensor.DType;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Tensor;
import java.util.Arrays;

/// Looking elements up by index, and adding them where an index says: `index.cu`. A wrong index
/// throws at the next copy to the host.
public final class Indexing {
    private static final int THREADS = 256;
    private static final int COLUMNS = 128;

    // Codes of `fault.cuh`.
    private static final int GATHER = 1;
    private static final int INDEX_SELECT = 3;

    private final CudaDevice device;
    private final Family<DType> gather;
    private final Family<DType> scatterAdd;
    private final Family<DType> indexAdd;

    /// Kernels of a device.
    public Indexing(Programs programs) {
        device = programs.device();
        gather = programs.perWidth("index", "gather");
        scatterAdd = programs.perType("index", "scatter_add");
        indexAdd = programs.perType("index", "index_add");
    }

    /// Elements along an axis.
    public void gather(int axis, Tensor x, Tensor index, Tensor y) {
        long[] strides = x.layout().strides();
        long step = strides[axis];
        strides[axis] = 0;
        pick(x, strides, step, x.shape().dim(axis), index, index.layout().strides(), y, GATHER);
    }

    /// Rows of a table.
    public void indexSelect(Tensor table, Tensor index, Tensor y) {
        int outer = index.shape().rank();
        int rank = y.shape().rank();
        long[] strides = new long[rank];
        long[] from = table.layout().strides();
        System.arraycopy(from, 1, strides, outer, rank - outer);
        long[] places = Arrays.copyOf(index.layout().strides(), rank);
        pick(table, strides, from[0], table.shape().dim(0), index, places, y, INDEX_SELECT);
    }

    private void pick(
            Tensor x,
            long[] strides,
            long step,
            long size,
            Tensor index,
            long[] places,
            Tensor y,
            int code) {
        Operand of = Operand.of(x);
        Operand at = Operand.of(index);
        Operand to = Operand.of(y);
        Walk.of(y.shape().toArray(), strides, places, to.strides())
                .forEach((walk, from) -> {
                    Launch launch = walk.addTo(device.launch(gather.of(x.dtype())));
                    launch.add(of.at(from[0]))
                            .add(at.at(from[1]))
                            .add(to.at(from[2]))
                            .add(step)
                            .add(size)
                            .add(Operand.wide(index))
                            .add(code)
                            .add(device.fault())
                            .run(walk.blocks(), 1, 1, THREADS, 0);
                });
    }

    /// Adds elements into zeros along an axis.
    public void scatterAdd(int axis, Tensor x, Tensor index, Tensor y) {
        Operand of = Operand.of(x);
        Operand at = Operand.of(index);
        Operand to = Operand.of(y);
        long[] ofStrides = of.strides().clone();
        long[] atStrides = at.strides().clone();
        long[] position = new long[ofStrides.length];
        ofStrides[axis] = 0;
        atStrides[axis] = 0;
        position[axis] = 1;
        // A walk must not be split along the axis whose positions it counts, nor begin inside it.
        Walk walk =
                Walk.of(y.shape().toArray(), ofStrides, atStrides, position, to.strides())
                        .single("scatterAdd");
        if (walk.count() == 0) {
            return;
        }
        Launch launch = walk.addTo(device.launch(scatterAdd.of(x.dtype())));
        launch.add(of.address())
                .add(at.address())
                .add(to.address())
                .add(of.strides()[axis])
                .add(at.strides()[axis])
                .add(x.shape().dim(axis))
                .add(y.shape().dim(axis))
                .add(Operand.wide(index))
                .add(device.fault())
                .run(walk.blocks(), 1, 1, THREADS, 0);
    }

    /// Adds rows into a table of zeros.
    public void indexAdd(Tensor x, Tensor index, Tensor y) {
        int outer = index.shape().rank();
        Shape row = y.shape().without(0);
        long[] strides = x.layout().strides();
        Walk places =
                Walk.of(
                                index.shape().toArray(),
                                Arrays.copyOf(strides, outer),
                                index.layout().strides())
                        .single("indexAdd");
        Walk columns =
                Walk.of(row.toArray(), Arrays.copyOfRange(strides, outer, strides.length))
                        .single("indexAdd");
        if (y.shape().size() == 0) {
            return;
        }
        Launch launch = places.addTo(device.launch(indexAdd.of(x.dtype())));
        columns.addTo(launch)
                .add(x.address())
                .add(index.address())
                .add(y.address())
                .add(y.shape().dim(0))
                .add(Operand.wide(index))
                .add(device.fault())
                .run(
                        y.shape().dim(0),
                        (int) ((columns.count() + COLUMNS - 1) / COLUMNS),
                        1,
                        COLUMNS,
                        0);
    }
}
