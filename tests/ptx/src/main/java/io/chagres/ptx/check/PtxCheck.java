package io.chagres.ptx.check;

import io.chagres.ptx.Buffer;
import io.chagres.ptx.Gpu;
import io.chagres.ptx.compile.KernelCompiler;
import io.chagres.ptx.machine.Checks;
import io.chagres.ptx.machine.Dim3;
import io.chagres.ptx.machine.Launch;
import io.chagres.ptx.machine.PtxFault;
import io.chagres.ptx.machine.Traffic;
import io.chagres.ptx.text.Entry;
import io.chagres.ptx.text.Instruction;
import io.chagres.ptx.text.PtxModule;
import io.chagres.ptx.text.PtxSyntaxException;
import io.chagres.ptx.text.Variable;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;

/// `ptx-check kernel.ptx`: lists entries with registers, shared memory and instruction forms, and
/// runs one with all checks on.
public final class PtxCheck {
    private static final String USAGE =
            """
            ptx-check FILE.ptx [--entry NAME]           what is in it, and which forms are unknown
            ptx-check FILE.ptx --run NAME [options]     run a kernel with all checks
              --grid X[,Y[,Z]]   blocks (1)
              --block X[,Y[,Z]]  threads of a block (32)
              --shared BYTES     dynamic shared memory (0)
              --arg ARG          once for each parameter, in order:
                                 i32:7  i64:7  f32:0.5  f64:0.5   a number
                                 in:f32:1024   a buffer of 1024 normal numbers (f32, f16, bf16),
                                               or of counting ones (i32, u8)
                                 out:4096      a buffer of 4096 bytes of NaN
              --order forward|reverse|random            the order of warps
              --no-races         do not look for races
            """;

    private final PrintStream out;

    private PtxCheck(PrintStream out) {
        this.out = out;
    }

    /// The command; exits with 0 when all is well, 1 for a fault or an unknown form, 2 for bad
    /// usage.
    public static void main(String[] args) {
        System.exit(run(System.out, args));
    }

    /// The command as a function: its exit status.
    public static int run(PrintStream out, String... args) {
        try {
            return new PtxCheck(out).command(args);
        } catch (IOException e) {
            out.println("cannot read " + e.getMessage());
            return 2;
        } catch (IllegalArgumentException e) {
            out.println(e.getMessage());
            return 2;
        } catch (PtxSyntaxException | PtxFault e) {
            out.println(e.getMessage());
            return 1;
        }
    }

    private int command(String... args) throws IOException {
        if (args.length == 0 || args[0].startsWith("-")) {
            out.print(USAGE);
            return 2;
        }
        Map<String, String> options = new LinkedHashMap<>();
        List<String> arguments = new ArrayList<>();
        for (int i = 1; i < args.length; i++) {
            switch (args[i]) {
                case "--no-races" -> options.put(args[i], "");
                case "--entry", "--run", "--grid", "--block", "--shared", "--order", "--arg" -> {
                    if (i + 1 == args.length) {
                        throw new IllegalArgumentException(args[i] + " needs a value");
                    }
                    if (args[i].equals("--arg")) {
                        arguments.add(args[++i]);
                    } else {
                        options.put(args[i], args[++i]);
                    }
                }
                default ->
                        throw new IllegalArgumentException(
                                "unknown option " + args[i] + "\n" + USAGE);
            }
        }
        String text = Files.readString(Path.of(args[0]));
        return options.containsKey("--run")
                ? launch(text, options, arguments)
                : list(PtxModule.parse(text), options.getOrDefault("--entry", ""));
    }

    private int list(PtxModule module, String only) {
        out.printf("PTX %s for %s%n", module.version(), module.target());
        int unknown = 0;
        for (Entry e : module.entries().values()) {
            if (only.isEmpty() || only.equals(e.name())) {
                unknown += entry(e);
            }
        }
        if (!only.isEmpty() && !module.entries().containsKey(only)) {
            throw new IllegalArgumentException(
                    "no entry " + only + ", there are " + module.entries().keySet());
        }
        return unknown > 0 ? 1 : 0;
    }

    private int entry(Entry e) {
        long shared = 0;
        boolean dynamic = false;
        for (Variable v : e.locals().values()) {
            if (v.space().equals(".shared")) {
                shared = Math.max(shared, v.offset() + v.size());
                dynamic |= v.size() == 0;
            }
        }
        Map<String, Integer> forms = new TreeMap<>();
        for (Instruction i : e.code()) {
            forms.merge(i.opcode(), 1, Integer::sum);
        }
        Map<String, String> unknown = KernelCompiler.unsupported(e);
        out.printf("%n%s, line %d%n", e.name(), e.line());
        out.printf("  parameters     ");
        for (Variable p : e.params()) {
            out.printf(" %s%s", p.type(), p.type().equals("b8") ? "[" + p.size() + "]" : "");
        }
        out.printf(
                "%n  registers       %d predicates, %d of 32 bits, %d of 64 bits (virtual)%n",
                e.registers().predicates(), e.registers().ints(), e.registers().longs());
        out.printf(
                "  shared          %d bytes%s%n  local           %d bytes a thread%n",
                shared, dynamic ? " and a dynamic part" : "", e.localBytes());
        out.printf("  instructions    %d of %d forms%n", e.code().size(), forms.size());
        forms.forEach((f, n) ->
                out.printf("    %5d  %s%s%n", n, f, unknown.containsKey(f) ? "   NOT KNOWN" : ""));
        unknown.values().forEach(m -> out.println("  " + m));
        return unknown.size();
    }

    private int launch(String text, Map<String, String> options, List<String> given) {
        Checks checks = Checks.STRICT.withRaces(!options.containsKey("--no-races"));
        String order = options.getOrDefault("--order", "forward").toUpperCase(Locale.ROOT);
        Gpu gpu = new Gpu(checks.withOrder(Checks.Order.valueOf(order), 1));
        Gpu.Module module = gpu.load(text);
        List<Object> arguments = new ArrayList<>();
        Map<String, Buffer> outputs = new LinkedHashMap<>();
        for (String g : given) {
            Object a = argument(gpu, g, arguments.size());
            if (g.startsWith("out:")) {
                outputs.put("argument " + arguments.size(), (Buffer) a);
            }
            arguments.add(a);
        }
        Launch l =
                gpu.launch(
                        module.kernel(options.getOrDefault("--run", "")),
                        size(options.getOrDefault("--grid", "1")),
                        size(options.getOrDefault("--block", "32")),
                        Integer.parseInt(options.getOrDefault("--shared", "0")),
                        arguments.toArray());
        report(l, outputs);
        return 0;
    }

    private void report(Launch l, Map<String, Buffer> outputs) {
        out.printf("no fault; %d warp instructions%n", Arrays.stream(l.executed()).sum());
        Traffic t = l.traffic();
        if (t != null) {
            out.printf(
                    "global: %d bytes read, %d written, %.2f x that in sectors%n",
                    t.globalBytesRead(), t.globalBytesWritten(), t.sectorExcess());
            out.printf(
                    "shared: %d wavefronts, %d without bank conflicts%n",
                    t.sharedWavefronts(), t.sharedWavefrontsIdeal());
            for (int i = 0; i < l.kernel().steps().length; i++) {
                if (t.bankConflicts(i) > 0) {
                    out.printf(
                            "  %d conflicts at line %d  %s%n",
                            t.bankConflicts(i),
                            l.kernel().steps()[i].line(),
                            l.kernel().steps()[i].text());
                }
            }
        }
        outputs.forEach((name, b) -> {
            int untouched = 0;
            for (int v : b.ints()) {
                untouched += v == -1 ? 1 : 0;
            }
            float[] f = b.floats();
            out.printf(
                    "%s: %d of %d words untouched, as f32 %s%n",
                    name,
                    untouched,
                    f.length,
                    Arrays.toString(Arrays.copyOf(f, Math.min(4, f.length))));
        });
    }

    private static Dim3 size(String s) {
        int[] n = Arrays.stream(s.split(",")).mapToInt(Integer::parseInt).toArray();
        return new Dim3(n[0], n.length > 1 ? n[1] : 1, n.length > 2 ? n[2] : 1);
    }

    private static Object argument(Gpu gpu, String s, int number) {
        String[] a = s.split(":");
        String name = "argument " + number;
        return switch (a[0]) {
            case "i32" -> (int) Long.parseLong(a[1]);
            case "i64" -> Long.parseLong(a[1]);
            case "f32" -> Float.parseFloat(a[1]);
            case "f64" -> Double.parseDouble(a[1]);
            case "out" -> gpu.buffer(name, Long.parseLong(a[1]));
            case "in" -> input(gpu, name, a[1], Integer.parseInt(a[2]), number);
            default -> throw new IllegalArgumentException("unknown argument " + s + "\n" + USAGE);
        };
    }

    private static Buffer input(Gpu gpu, String name, String type, int n, int seed) {
        Random random = new Random(seed);
        float[] f = new float[n];
        short[] h = new short[n];
        int[] ints = new int[n];
        byte[] bytes = new byte[n];
        for (int i = 0; i < n; i++) {
            f[i] = (float) random.nextGaussian();
            h[i] =
                    type.equals("f16")
                            ? Float.floatToFloat16(f[i])
                            : (short) (Float.floatToRawIntBits(f[i]) >> 16);
            ints[i] = i;
            bytes[i] = (byte) i;
        }
        return switch (type) {
            case "f32" -> gpu.buffer(name, f);
            case "f16", "bf16" -> gpu.buffer(name, h);
            case "i32" -> gpu.buffer(name, ints);
            case "u8" -> gpu.buffer(name, bytes);
            default -> throw new IllegalArgumentException("unknown type " + type);
        };
    }
}
