package io.chagres.ptx;

import io.chagres.ptx.compile.KernelCompiler;
import io.chagres.ptx.machine.Allocation;
import io.chagres.ptx.machine.Bytes;
import io.chagres.ptx.machine.Checks;
import io.chagres.ptx.machine.Dim3;
import io.chagres.ptx.machine.GlobalMemory;
import io.chagres.ptx.machine.Kernel;
import io.chagres.ptx.machine.Launch;
import io.chagres.ptx.text.Entry;
import io.chagres.ptx.text.Operand;
import io.chagres.ptx.text.PtxModule;
import io.chagres.ptx.text.Variable;
import java.util.LinkedHashMap;
import java.util.Map;

/// A GPU that exists only in memory: it runs PTX on the processor, and looks for faults as it does.
///
/// ```java
/// Gpu gpu = new Gpu(Checks.STRICT);
/// Gpu.Module module = gpu.load(Files.readString(Path.of("scale.ptx")));
/// Buffer x = gpu.buffer("x", new float[] {1, 2, 3});
/// gpu.launch(module.kernel("scale"), Dim3.of(1), Dim3.of(32), 0, x, 3, 2f);
/// float[] y = x.floats();
/// ```
public final class Gpu {
    private static final long DEFAULT_MEMORY = 2L << 30;
    private static final int MOST_THREADS = 1024;

    private final GlobalMemory memory;
    private Checks checks;

    /// A GPU with 2 GiB that checks so much.
    public Gpu(Checks checks) {
        this(checks, DEFAULT_MEMORY);
    }

    /// A GPU with so many bytes of memory.
    public Gpu(Checks checks, long bytes) {
        this.checks = checks;
        memory = new GlobalMemory(bytes);
    }

    /// What it checks.
    public Checks checks() {
        return checks;
    }

    /// Changes what later launches check.
    public void check(Checks other) {
        checks = other;
    }

    /// The device's memory.
    public GlobalMemory memory() {
        return memory;
    }

    /// A loaded module: its kernels, and its variables in memory.
    public static final class Module {
        private final PtxModule text;
        private final Map<String, Kernel> kernels = new LinkedHashMap<>();
        private final Map<String, Allocation> variables = new LinkedHashMap<>();

        private Module(PtxModule text) {
            this.text = text;
        }

        /// The module as parsed.
        public PtxModule text() {
            return text;
        }

        /// A kernel by its name.
        ///
        /// @throws IllegalArgumentException when there is none
        public Kernel kernel(String name) {
            Kernel k = kernels.get(name);
            if (k == null) {
                throw new IllegalArgumentException(
                        "no kernel " + name + ", there are " + kernels.keySet());
            }
            return k;
        }

        /// The kernels, in the order of the file.
        public Map<String, Kernel> kernels() {
            return kernels;
        }

        /// The variables of module scope.
        public Map<String, Allocation> variables() {
            return variables;
        }
    }

    /// Parses and compiles a module.
    ///
    /// @throws io.chagres.ptx.text.PtxSyntaxException for text that is not PTX, or a form not known
    public Module load(String ptx) {
        Module m = new Module(PtxModule.parse(ptx));
        for (Variable v : m.text.variables().values()) {
            if (!v.space().equals(".shared")) {
                boolean constant = v.space().equals(".const");
                Allocation a = allocate(v.name(), v.size(), constant);
                java.util.Arrays.fill(a.data(), (byte) 0);
                if (v.initial() != null) {
                    System.arraycopy(v.initial(), 0, a.data(), 0, v.initial().length);
                }
                m.variables.put(v.name(), a);
            }
        }
        for (Variable v : m.text.variables().values()) {
            for (Map.Entry<Integer, Operand.Symbol> r : v.references().entrySet()) {
                Allocation to = m.variables.get(r.getValue().name());
                Allocation in = m.variables.get(v.name());
                if (to != null && in != null) {
                    Bytes.putLong(in.data(), r.getKey(), to.base() + r.getValue().offset());
                }
            }
        }
        for (Entry e : m.text.entries().values()) {
            m.kernels.put(
                    e.name(),
                    KernelCompiler.compile(
                            e,
                            name -> {
                                Allocation a = m.variables.get(name);
                                return a == null ? -1 : a.base();
                            }));
        }
        return m;
    }

    /// Gives back the variables of a module.
    public void unload(Module m) {
        m.variables.values().forEach(a -> memory.free(a.base()));
    }

    private Allocation allocate(String name, long bytes, boolean constant) {
        Allocation a = memory.allocate(name, bytes, constant);
        if (a == null) {
            throw new IllegalStateException(
                    String.format(
                            "out of device memory: %s wants %d bytes, %d of %d are in use",
                            name, bytes, memory.used(), memory.capacity()));
        }
        return a;
    }

    /// Memory that holds NaN in every float format.
    public Buffer buffer(String name, long bytes) {
        return new Buffer(memory, allocate(name, bytes, false));
    }

    /// Memory with these values.
    public Buffer buffer(String name, float[] values) {
        return buffer(name, 4L * values.length).set(values);
    }

    /// Memory with these values.
    public Buffer buffer(String name, int[] values) {
        return buffer(name, 4L * values.length).set(values);
    }

    /// Memory with these values.
    public Buffer buffer(String name, short[] values) {
        return buffer(name, 2L * values.length).set(values);
    }

    /// Memory with these values.
    public Buffer buffer(String name, byte[] values) {
        return buffer(name, values.length).set(values);
    }

    /// Runs a kernel.
    ///
    /// @param dynamicShared bytes of dynamic shared memory
    /// @param arguments a [Buffer], a number of the parameter's size, or the bytes of a structure
    /// @return what was executed and moved
    /// @throws io.chagres.ptx.machine.PtxFault at the first fault
    public Launch launch(
            Kernel kernel, Dim3 grid, Dim3 block, int dynamicShared, Object... arguments) {
        byte[] params = Arguments.pack(kernel.entry(), arguments);
        return launch(kernel, grid, block, new Dim3(1, 1, 1), dynamicShared, params, false);
    }

    /// Runs a kernel, with a cluster size, packed parameters, and perhaps all blocks at once.
    public Launch launch(
            Kernel kernel,
            Dim3 grid,
            Dim3 block,
            Dim3 cluster,
            int dynamicShared,
            byte[] params,
            boolean cooperative) {
        int most = kernel.entry().maxThreads() > 0 ? kernel.entry().maxThreads() : MOST_THREADS;
        if (grid.volume() <= 0 || block.volume() <= 0 || block.volume() > most) {
            throw new IllegalArgumentException(
                    String.format(
                            "%s: a grid of %s blocks of %s threads; a block may have %d",
                            kernel.name(), grid, block, most));
        }
        Launch l =
                new Launch(
                        kernel,
                        memory,
                        grid,
                        block,
                        cluster,
                        dynamicShared,
                        params,
                        cooperative,
                        checks);
        l.run();
        return l;
    }
}
