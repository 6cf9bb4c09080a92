package io.chagres.ptx.driver;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.HashMap;
import java.util.Map;

/// Calls functions of a driver by name, the types taken from the arguments.
final class Calls {
    final Arena arena;
    private final SymbolLookup lookup;
    private final Map<String, MethodHandle> handles = new HashMap<>();

    Calls(SymbolLookup lookup, Arena arena) {
        this.lookup = lookup;
        this.arena = arena;
    }

    int call(String name, Object... arguments) {
        MemoryLayout[] layouts = new MemoryLayout[arguments.length];
        for (int i = 0; i < layouts.length; i++) {
            layouts[i] =
                    switch (arguments[i]) {
                        case Integer x -> ValueLayout.JAVA_INT;
                        case Long x -> ValueLayout.JAVA_LONG;
                        case Short x -> ValueLayout.JAVA_SHORT;
                        case Byte x -> ValueLayout.JAVA_BYTE;
                        default -> ValueLayout.ADDRESS;
                    };
        }
        MethodHandle h =
                handles.computeIfAbsent(
                        name,
                        n ->
                                Linker.nativeLinker()
                                        .downcallHandle(
                                                lookup.find(n).orElseThrow(),
                                                FunctionDescriptor.of(
                                                        ValueLayout.JAVA_INT, layouts)));
        try {
            return (int) h.invokeWithArguments(arguments);
        } catch (Throwable t) {
            throw new IllegalStateException(t);
        }
    }

    /// Calls a function whose first argument is where it writes 8 bytes; they come back.
    long out(String name, Object... rest) {
        MemorySegment out = arena.allocate(8, 8);
        Object[] all = new Object[rest.length + 1];
        all[0] = out;
        System.arraycopy(rest, 0, all, 1, rest.length);
        int code = call(name, all);
        if (code != 0) {
            throw new IllegalStateException(name + " returns " + code);
        }
        return out.get(ValueLayout.JAVA_LONG, 0);
    }

    MemorySegment handle(String name, Object... rest) {
        return MemorySegment.ofAddress(out(name, rest));
    }

    /// Initialises device 0 and makes its context current.
    void start() {
        call("cuInit", 0);
        call("cuCtxSetCurrent", handle("cuDevicePrimaryCtxRetain", 0));
    }

    MemorySegment text(String s) {
        return arena.allocateFrom(s);
    }

    /// Loads a module and gives a function.
    MemorySegment function(String ptx, String name) {
        MemorySegment module = handle("cuModuleLoadData", text(ptx));
        return handle("cuModuleGetFunction", module, text(name));
    }

    /// Pointers to arguments.
    MemorySegment params(Object... arguments) {
        MemorySegment pointers = arena.allocate(8L * arguments.length, 8);
        for (int i = 0; i < arguments.length; i++) {
            MemorySegment v = arena.allocate(8, 8);
            switch (arguments[i]) {
                case Long x -> v.set(ValueLayout.JAVA_LONG, 0, x);
                case Integer x -> v.set(ValueLayout.JAVA_INT, 0, x);
                case Float x -> v.set(ValueLayout.JAVA_FLOAT, 0, x);
                default -> throw new IllegalArgumentException("" + arguments[i]);
            }
            pointers.setAtIndex(ValueLayout.ADDRESS, i, v);
        }
        return pointers;
    }

    int launch(
            MemorySegment f,
            int grid,
            int block,
            int shared,
            MemorySegment stream,
            MemorySegment params) {
        return call(
                "cuLaunchKernel",
                f,
                grid,
                1,
                1,
                block,
                1,
                1,
                shared,
                stream,
                params,
                MemorySegment.NULL);
    }
}
