package io.chagres.kernels.cpu.gemm;

import static io.chagres.kernels.cpu.vector.Lanes.ALL;
import static io.chagres.kernels.cpu.vector.Lanes.BITS;

import io.chagres.kernels.cpu.machine.Feature;
import io.chagres.kernels.cpu.machine.MachineCode;
import io.chagres.tensor.DType;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.EnumMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Calls [DotCode]. Decoding a first token needs no compiler then.
final class MachineDots {
    /// Bytes of W for one call: some 10 µs, which a garbage collection may have to wait for.
    private static final long MOST_BYTES = 1 << 18;

    private static final @Nullable MachineDots HERE =
            BITS == 512 && MachineCode.has(Feature.AVX512) ? new MachineDots() : null;

    private final MethodHandle caller =
            MachineCode.caller(FunctionDescriptor.ofVoid(ValueLayout.JAVA_LONG));
    private final Map<DType, MemorySegment> routines = new EnumMap<>(DType.class);

    private MachineDots() {
        for (DType type : new DType[] {DType.F32, DType.BF16, DType.F16, DType.I8}) {
            long address = MachineCode.install("dots " + type, c -> DotCode.assemble(c, type));
            routines.put(type, MemorySegment.ofAddress(address));
        }
    }

    /// The only instance, if there is machine code and vectors have 512 bits.
    static @Nullable MachineDots here() {
        return HERE;
    }

    /// Computes what the parameters say, in as many calls as are due. Overwrites some of them.
    void run(DType type, long parameters) {
        MemorySegment code = routines.get(type);
        if (code == null) {
            throw new IllegalArgumentException("no dot products of " + type);
        }
        long tiles = get(parameters, DotCode.TILES);
        long elements =
                get(parameters, DotCode.STEPS) * get(parameters, DotCode.GROUPS) * DotKernel.STEP;
        long tileBytes = DotKernel.ROWS * elements * type.bytes();
        long atOnce = Math.max(1, MOST_BYTES / tileBytes);
        while (tiles > 0) {
            long now = Math.min(tiles, atOnce);
            put(parameters, DotCode.TILES, now);
            call(code, parameters);
            tiles -= now;
            advance(parameters, DotCode.W, now * get(parameters, DotCode.W_NEXT));
            advance(parameters, DotCode.Y, now * get(parameters, DotCode.Y_NEXT));
            advance(parameters, DotCode.SCALES, now * get(parameters, DotCode.SCALE_NEXT));
        }
    }

    static void put(long parameters, int offset, long value) {
        ALL.set(ValueLayout.JAVA_LONG_UNALIGNED, parameters + offset, value);
    }

    private static long get(long parameters, int offset) {
        return ALL.get(ValueLayout.JAVA_LONG_UNALIGNED, parameters + offset);
    }

    private static void advance(long parameters, int offset, long by) {
        put(parameters, offset, get(parameters, offset) + by);
    }

    private void call(MemorySegment code, long parameters) {
        try {
            caller.invokeExact(code, parameters);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException("dot products in machine code", e);
        }
    }
}
