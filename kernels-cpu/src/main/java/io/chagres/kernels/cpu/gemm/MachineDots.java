package io.chagres.kernels.cpu.gemm;

import static io.chagres.kernels.cpu.vector.Lanes.ALL;
import static io.chagres.kernels.cpu.vector.Lanes.BITS;

import io.chagres.kernels.cpu.machine.Feature;
import io.chagres.kernels.cpu.machine.MachineCode;
import io.chagres.kernels.cpu.machine.Routine;
import io.chagres.tensor.DType;
import java.lang.foreign.ValueLayout;
import java.util.EnumMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Calls [DotCode]. Decoding a first token needs no compiler then.
final class MachineDots {
    /// Bytes of W for one call: some 10 µs, which a garbage collection may have to wait for.
    private static final long MOST_BYTES = 1 << 18;

    private static final @Nullable MachineDots HERE =
            BITS == 512 && MachineCode.has(Feature.AVX512) ? new MachineDots() : null;

    private final Map<DType, Routine[]> routines = new EnumMap<>(DType.class);
    private final Routine[] grouped = install(DType.I8, true);

    private MachineDots() {
        for (DType type : new DType[] {DType.F32, DType.BF16, DType.F16, DType.I8}) {
            routines.put(type, install(type, false));
        }
    }

    /// Routines by the number of vectors.
    private static Routine[] install(DType type, boolean grouped) {
        Routine[] byVectors = new Routine[DotCode.MOST_VECTORS + 1];
        for (int vectors = 1; vectors <= DotCode.MOST_VECTORS; vectors *= 2) {
            int number = vectors;
            byVectors[vectors] =
                    new Routine(
                            "dots " + type + (grouped ? " grouped " : " ") + vectors,
                            c -> DotCode.assemble(c, type, number, grouped));
        }
        return byVectors;
    }

    /// The only instance, if there is machine code and vectors have 512 bits.
    static @Nullable MachineDots here() {
        return HERE;
    }

    /// Computes what the parameters say, in as many calls as are due: a part of W that fits L2 is
    /// read for four vectors, then for the next ones. Overwrites some of the parameters.
    void run(DType type, int vectors, long parameters) {
        boolean several = type == DType.I8 && get(parameters, DotCode.GROUPS) > 1;
        Routine[] code = several ? grouped : routines.get(type);
        if (code == null) {
            throw new IllegalArgumentException("no dot products of " + type);
        }
        long w = get(parameters, DotCode.W);
        long x = get(parameters, DotCode.X);
        long y = get(parameters, DotCode.Y);
        long scales = get(parameters, DotCode.SCALES);
        long tiles = get(parameters, DotCode.TILES);
        long elements =
                get(parameters, DotCode.STEPS) * get(parameters, DotCode.GROUPS) * DotKernel.STEP;
        long tileBytes = DotKernel.ROWS * elements * type.bytes();
        long atOnce = Math.max(1, MOST_BYTES / Math.max(1, tileBytes));
        for (long tile = 0; tile < tiles; tile += atOnce) {
            put(parameters, DotCode.TILES, Math.min(tiles - tile, atOnce));
            put(parameters, DotCode.W, w + tile * get(parameters, DotCode.W_NEXT));
            put(parameters, DotCode.SCALES, scales + tile * get(parameters, DotCode.SCALE_NEXT));
            long results = y + tile * get(parameters, DotCode.Y_NEXT);
            int taken;
            for (int v = 0; v < vectors; v += taken) {
                taken = Math.min(Integer.highestOneBit(vectors - v), DotCode.MOST_VECTORS);
                put(parameters, DotCode.X, x + v * get(parameters, DotCode.X_VECTOR));
                put(parameters, DotCode.Y, results + v * get(parameters, DotCode.Y_VECTOR));
                code[taken].call(parameters);
            }
        }
    }

    static void put(long parameters, int offset, long value) {
        ALL.set(ValueLayout.JAVA_LONG_UNALIGNED, parameters + offset, value);
    }

    private static long get(long parameters, int offset) {
        return ALL.get(ValueLayout.JAVA_LONG_UNALIGNED, parameters + offset);
    }
}
