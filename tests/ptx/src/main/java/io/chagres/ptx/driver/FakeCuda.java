package io.chagres.ptx.driver;

import io.chagres.ptx.Gpu;
import io.chagres.ptx.machine.Checks;
import io.chagres.ptx.machine.PtxFault;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.UnaryOperator;

/// A CUDA driver without a GPU: the functions of `libcuda` as native stubs that lead into Java.
///
/// Whoever binds the driver API through a [SymbolLookup] gets this one instead, so the binding
/// itself is tested too: order and layout of arguments, error codes, contexts, sticky errors.
/// Kernels run in the interpreter, with its checks. A fault becomes the asynchronous error that
/// hardware would give (700, 716, 719, ...): the launch succeeds, and every later call on the
/// device fails.
///
/// ```java
/// try (FakeCuda cuda = FakeCuda.builder().computeCapability(8, 0).build()) {
///     SymbolLookup lookup = cuda.lookup();
/// }
/// ```
public final class FakeCuda implements AutoCloseable {
    private final Arena arena = Arena.ofShared();
    private final Driver driver;
    private final MemoryCalls memory;
    private final Map<String, MemorySegment> stubs = new HashMap<>();

    /// What the fake pretends to be.
    public static final class Builder {
        private boolean absent;
        private int devices = 1;
        private int major = 8;
        private int minor;
        private int version = 13000;
        private long memory = 2L << 30;
        private boolean deferred;
        private Checks checks = Checks.STANDARD;
        private UnaryOperator<String> transform = UnaryOperator.identity();
        private final Set<String> missing = new HashSet<>();
        private final Map<String, Integer> failing = new HashMap<>();

        private Builder() {}

        /// No library: nothing is found.
        public Builder absent() {
            absent = true;
            return this;
        }

        /// A library that cannot start: `cuInit` returns `code`, such as 999, 803 or 34.
        public Builder broken(int code) {
            return failing("cuInit", code);
        }

        /// A function that always returns `code`.
        public Builder failing(String function, int code) {
            failing.put(function, code);
            return this;
        }

        /// A driver too old to have a function.
        public Builder without(String function) {
            missing.add(function);
            return this;
        }

        /// The driver's version, `1000 major + 10 minor`; it limits the PTX it takes.
        public Builder driverVersion(int v) {
            version = v;
            return this;
        }

        /// How many devices there are; with none, `cuInit` returns 100.
        public Builder devices(int n) {
            devices = n;
            return this;
        }

        /// The compute capability of the devices.
        public Builder computeCapability(int theMajor, int theMinor) {
            major = theMajor;
            minor = theMinor;
            return this;
        }

        /// Bytes of memory of each device.
        public Builder memory(long bytes) {
            memory = bytes;
            return this;
        }

        /// What kernels are checked for.
        public Builder checks(Checks c) {
            checks = c;
            return this;
        }

        /// Streams work as late as their order allows, not at once: a missing wait shows.
        public Builder deferred() {
            deferred = true;
            return this;
        }

        /// Changes every module's PTX before it is loaded: for mutation tests.
        public Builder transform(UnaryOperator<String> f) {
            transform = f;
            return this;
        }

        /// The fake.
        public FakeCuda build() {
            return new FakeCuda(this);
        }
    }

    /// A driver with one device of compute capability 8.0 and 2 GiB, unless told otherwise.
    public static Builder builder() {
        return new Builder();
    }

    private FakeCuda(Builder b) {
        driver = new Driver(b.version, b.deferred);
        driver.failing.putAll(b.failing);
        for (int i = 0; i < b.devices; i++) {
            int shared =
                    b.major == 8 && b.minor != 0 && b.minor != 7
                            ? 101376
                            : b.major == 8 ? 166912 : b.major == 12 ? 101376 : 232448;
            long context = driver.handle("context " + i);
            long pool = driver.handle("pool " + i);
            Gpu gpu = new Gpu(b.checks, b.memory);
            driver.devices.add(new Device(i, gpu, context, pool, b.major, b.minor, shared));
        }
        memory = new MemoryCalls(driver);
        if (!b.absent) {
            register(new DeviceCalls(driver, arena), DeviceCalls.table());
            register(memory, MemoryCalls.table());
            register(new StreamCalls(driver), StreamCalls.table());
            register(new ModuleCalls(driver, b.transform), ModuleCalls.table());
            register(this, new String[] {"cuGetProcAddress_v2 N ppilp"});
            b.missing.forEach(stubs::remove);
        }
    }

    /// Finds the functions of the driver.
    public SymbolLookup lookup() {
        return name -> Optional.ofNullable(stubs.get(name));
    }

    /// Names of the functions called so far, in order.
    public List<String> calls() {
        return new ArrayList<>(driver.calls);
    }

    /// The faults of kernels so far: what lies behind an error code.
    public List<PtxFault> faults() {
        return new ArrayList<>(driver.faults);
    }

    /// Exceptions in the fake itself and refused PTX: what lies behind the codes 999 and 218.
    public List<Throwable> failures() {
        return new ArrayList<>(driver.bugs);
    }

    /// Names of the kernels that ran to their end.
    public Set<String> executedKernels() {
        return new TreeSet<>(driver.kernels);
    }

    /// The forms of instructions that those executed: opcodes with all their parts.
    public Set<String> executedForms() {
        return new TreeSet<>(driver.forms);
    }

    /// Device allocations that nobody has freed, variables of modules included.
    public int liveAllocations() {
        return driver.devices.stream().mapToInt(d -> d.gpu.memory().allocations()).sum();
    }

    /// Pinned host allocations that nobody has freed.
    public int livePinned() {
        return memory.live();
    }

    /// The GPU behind a device, to change its checks or look at its memory.
    public Gpu gpu(int device) {
        return driver.devices.get(device).gpu;
    }

    /// Makes a function fail with `code` from now on; 0 ends that.
    public void fail(String function, int code) {
        driver.failing.put(function, code);
    }

    /// Takes the stubs away. No driver call may be under way or follow.
    @Override
    public void close() {
        memory.close();
        arena.close();
    }

    int cuGetProcAddress_v2(
            MemorySegment symbol,
            MemorySegment out,
            int version,
            long flags,
            MemorySegment status) {
        String name = Driver.string(symbol);
        MemorySegment f = stubs.get(name + "_v2");
        f = f == null ? stubs.get(name) : f;
        Driver.putLong(out, f == null ? 0 : f.address());
        if (!Driver.isNull(status)) {
            Driver.putInt(status, f == null ? 1 : 0);
        }
        return f == null ? CudaError.NOT_FOUND.code : 0;
    }

    /// Makes stubs of methods, each given as `name needs types`: needs `N`othing, `I`nit or a
    /// `C`ontext; types `p`ointer, `i`nt, `l`ong, `s`hort, `b`yte.
    private void register(Object target, String[] table) {
        for (String row : table) {
            String[] f = row.split(" ", -1);
            Driver.Needs needs =
                    switch (f[1]) {
                        case "N" -> Driver.Needs.NOTHING;
                        case "I" -> Driver.Needs.INIT;
                        default -> Driver.Needs.CONTEXT;
                    };
            stubs.put(f[0], stub(target, f[0], needs, f[2]));
        }
    }

    private MemorySegment stub(Object target, String name, Driver.Needs needs, String types) {
        MemoryLayout[] layouts = new MemoryLayout[types.length()];
        for (int i = 0; i < layouts.length; i++) {
            layouts[i] =
                    switch (types.charAt(i)) {
                        case 'p' -> ValueLayout.ADDRESS;
                        case 'i' -> ValueLayout.JAVA_INT;
                        case 'l' -> ValueLayout.JAVA_LONG;
                        case 's' -> ValueLayout.JAVA_SHORT;
                        default -> ValueLayout.JAVA_BYTE;
                    };
        }
        FunctionDescriptor descriptor = FunctionDescriptor.of(ValueLayout.JAVA_INT, layouts);
        MethodType type = descriptor.toMethodType();
        try {
            MethodHandles.Lookup lookup = MethodHandles.lookup();
            MethodHandle call = lookup.findVirtual(target.getClass(), name, type).bindTo(target);
            MethodType enterType =
                    MethodType.methodType(boolean.class, String.class, Driver.Needs.class);
            MethodHandle enter =
                    MethodHandles.insertArguments(
                            lookup.findVirtual(Driver.class, "enter", enterType).bindTo(driver),
                            0,
                            name,
                            needs);
            MethodHandle refuse =
                    lookup.findVirtual(Driver.class, "refusal", MethodType.methodType(int.class))
                            .bindTo(driver);
            MethodHandle bug =
                    lookup.findVirtual(
                                    Driver.class,
                                    "bug",
                                    MethodType.methodType(int.class, Throwable.class))
                            .bindTo(driver);
            MethodHandle guarded =
                    MethodHandles.guardWithTest(
                            enter,
                            call,
                            MethodHandles.dropArguments(refuse, 0, type.parameterList()));
            MethodHandle safe = MethodHandles.catchException(guarded, Throwable.class, bug);
            return Linker.nativeLinker().upcallStub(safe, descriptor, arena);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("no method for " + name + " " + types, e);
        }
    }
}
