package io.chagres.kernels.cpu.gemm;

/// What a 32-bit lane of a packed panel holds. Panels of every format have the same shape, `depth`
/// lanes by the width of a tile, so that everything around the micro-kernel is the same too.
enum Format {
    /// One float: element k.
    F32(1),
    /// Two bfloat16: elements 2k and 2k + 1, in this order in memory. Past the end of K there is a
    /// zero.
    BF16(2),
    /// Four bytes: elements 4k to 4k + 3. B's are signed; A's have 128 added and are unsigned, as
    /// the processor's products of bytes want them. Past the end of K, B has zeros.
    I8(4);

    /// Elements along k in a lane.
    final int perLane;

    private final int shift;

    Format(int perLane) {
        this.perLane = perLane;
        shift = Integer.numberOfTrailingZeros(perLane);
    }

    /// Lanes that this many elements take.
    int lanes(int elements) {
        return elements + perLane - 1 >> shift;
    }

    /// Bytes of an element.
    int bytes() {
        return 4 / perLane;
    }
}
