package io.chagres.ptx.mutate;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Makes mutants of a module: the mistakes that people make in kernels, one at a time.
///
/// Barriers, fences and waits dropped or made lax; guards dropped or turned round; comparisons and
/// constants off by one; operands swapped; masks, strides and offsets wrong; one operation taken
/// for another.
public final class Mutations {
    private static final Pattern INSTRUCTION =
            Pattern.compile("^(\\s*)(@!?%?\\w+\\s+)?([a-z][\\w.:]*)(\\s+[^;]*)?;(.*)$");
    private static final Pattern ENTRY = Pattern.compile("\\.entry\\s+(\\w+)");
    private static final Pattern LAST_NUMBER = Pattern.compile("(.*[ ,+])(-?\\d+)$");
    private static final Map<String, String> RELATIONS =
            Map.of("lt", "le", "le", "lt", "gt", "ge", "ge", "gt", "eq", "ne", "ne", "eq");
    private static final Map<String, String> OTHERS =
            Map.of(
                    "add.f32",
                    "sub.f32",
                    "sub.f32",
                    "add.f32",
                    "max.f32",
                    "min.f32",
                    "min.f32",
                    "max.f32",
                    "mul.f32",
                    "add.f32",
                    "add.s32",
                    "sub.s32",
                    "and.b32",
                    "or.b32",
                    "or.b32",
                    "and.b32",
                    "shl.b32",
                    "shr.b32",
                    "fma.rn.f32",
                    "fms");

    private final List<Mutant> out = new ArrayList<>();
    private final String[] lines;

    private Mutations(String ptx) {
        lines = ptx.split("\n", -1);
    }

    /// All mutants of an entry, in the order of the text.
    ///
    /// @param entry the kernel to spoil, or empty for every kernel
    public static List<Mutant> of(String ptx, String entry) {
        Mutations m = new Mutations(ptx);
        String inside = "";
        for (int i = 0; i < m.lines.length; i++) {
            Matcher e = ENTRY.matcher(m.lines[i]);
            if (e.find()) {
                inside = e.group(1);
            }
            if (entry.isEmpty() || inside.equals(entry)) {
                m.line(i);
            }
        }
        return m.out;
    }

    /// At most `n` of the mutants, chosen by a seed, in the order of the text.
    public static List<Mutant> sample(List<Mutant> all, int n, long seed) {
        List<Integer> numbers = new ArrayList<>();
        for (int i = 0; i < all.size(); i++) {
            numbers.add(i);
        }
        Collections.shuffle(numbers, new Random(seed));
        return numbers.subList(0, Math.min(n, all.size())).stream().sorted().map(all::get).toList();
    }

    private void line(int i) {
        Matcher m = INSTRUCTION.matcher(lines[i]);
        if (!m.matches() || lines[i].contains("{") && m.group(3).startsWith("call")) {
            return;
        }
        String guard = m.group(2) == null ? "" : m.group(2);
        String opcode = m.group(3);
        String operands = m.group(4) == null ? "" : m.group(4);
        Line l = new Line(i, m.group(1), guard, opcode, operands);
        synchronisation(l);
        guards(l);
        relations(l);
        constants(l);
        swaps(l);
        masks(l);
        others(l);
    }

    /// An instruction at its place.
    private record Line(int number, String indent, String guard, String opcode, String operands) {
        String root() {
            int dot = opcode.indexOf('.');
            return dot < 0 ? opcode : opcode.substring(0, dot);
        }
    }

    private void put(Line l, String kind, String guard, String opcode, String operands) {
        add(l, kind, l.indent + guard + opcode + operands + ";");
    }

    private void add(Line l, String kind, String text) {
        String before = lines[l.number];
        if (before.equals(text)) {
            return;
        }
        lines[l.number] = text;
        out.add(new Mutant(kind, l.number + 1, before, text, String.join("\n", lines)));
        lines[l.number] = before;
    }

    private void synchronisation(Line l) {
        String o = l.opcode;
        boolean fence = l.root().equals("membar") || l.root().equals("fence");
        if (l.root().equals("bar") || l.root().equals("barrier")) {
            add(l, "barrier dropped", "");
        } else if (o.startsWith("cp.async.wait")) {
            add(l, "wait dropped", "");
            Matcher m = LAST_NUMBER.matcher(l.operands);
            if (m.matches()) {
                int n = Integer.parseInt(m.group(2)) + 1;
                put(l, "wait too lax", l.guard, o, m.group(1) + n);
            }
        } else if (o.startsWith("cp.async.commit")) {
            add(l, "commit dropped", "");
        } else if (fence) {
            add(l, "fence dropped", "");
        }
    }

    private void guards(Line l) {
        if (l.guard.isEmpty()) {
            return;
        }
        put(l, "guard dropped", "", l.opcode, l.operands);
        String turned =
                l.guard.startsWith("@!") ? "@" + l.guard.substring(2) : "@!" + l.guard.substring(1);
        put(l, "guard turned", turned, l.opcode, l.operands);
    }

    private void relations(Line l) {
        if (!l.root().equals("setp")) {
            return;
        }
        String[] parts = l.opcode.split("\\.");
        String other = RELATIONS.get(parts[1]);
        if (other != null) {
            parts[1] = other;
            put(l, "comparison off by one", l.guard, String.join(".", parts), l.operands);
        }
    }

    private void constants(Line l) {
        boolean address = l.root().equals("ld") || l.root().equals("st");
        if (address && l.operands.matches(".*\\[%r\\w*\\+\\d+\\].*")) {
            int size = l.opcode.matches(".*[a-z]8") ? 1 : l.opcode.matches(".*[a-z]16") ? 2 : 4;
            Matcher m = Pattern.compile("\\+(\\d+)\\]").matcher(l.operands);
            if (m.find()) {
                int n = Integer.parseInt(m.group(1)) + size;
                put(l, "offset wrong", l.guard, l.opcode, m.replaceFirst("+" + n + "]"));
            }
            return;
        }
        Matcher m = LAST_NUMBER.matcher(l.operands);
        boolean whole =
                l.opcode.matches(
                        "(add|sub|setp\\.\\w+|mad\\.lo|mad\\.wide|rem|div|min|max)\\.[su](32|64)");
        boolean stride = l.opcode.matches("(shl|shr)\\.\\w+|mul\\.(wide|lo)\\.\\w+");
        if (!m.matches()) {
            return;
        }
        long n = Long.parseLong(m.group(2));
        if (whole) {
            put(l, "constant off by one", l.guard, l.opcode, m.group(1) + (n + 1));
        } else if (stride) {
            long wrong = l.root().equals("mul") ? n + 1 : n > 0 ? n - 1 : 1;
            put(l, "stride wrong", l.guard, l.opcode, m.group(1) + wrong);
        } else if (l.opcode.equals("and.b32") || l.opcode.equals("xor.b32")) {
            put(l, "mask wrong", l.guard, l.opcode, m.group(1) + (n >> 1));
        }
    }

    private void swaps(Line l) {
        String root = l.root();
        String[] o = l.operands.split(",");
        boolean ordered =
                root.equals("sub")
                        || root.equals("div")
                        || root.equals("rem")
                        || root.equals("selp")
                        || root.equals("setp") && !l.opcode.matches("setp\\.(eq|ne)\\b.*")
                        || l.opcode.startsWith("cvt.rn.bf16x2")
                        || l.opcode.startsWith("cvt.rn.f16x2");
        if (ordered
                && o.length >= 3
                && o[1].strip().startsWith("%")
                && o[2].strip().startsWith("%")) {
            swap(l, o, 1, 2);
        } else if (root.equals("mov") && l.operands.contains("{") && o.length == 3) {
            boolean pack = l.operands.indexOf('{') > l.operands.indexOf(',');
            String s = l.operands.replaceFirst("\\{\\s*(%?\\w+),\\s*(%?\\w+)\\s*\\}", "{$2, $1}");
            put(l, pack ? "halves swapped" : "halves swapped apart", l.guard, l.opcode, s);
        } else if (root.equals("mma")) {
            String s = l.operands.replaceFirst("\\},(\\s*)\\{(%\\w+),\\s*(%\\w+)", "},$1{$3, $2");
            put(l, "fragments swapped", l.guard, l.opcode, s);
        }
    }

    private void swap(Line l, String[] o, int i, int j) {
        String[] p = o.clone();
        p[i] = o[j];
        p[j] = o[i];
        put(l, "operands swapped", l.guard, l.opcode, String.join(",", p));
    }

    private void masks(Line l) {
        if (l.opcode.startsWith("cp.async.c") && l.operands.split(",").length == 4) {
            String s = l.operands.replaceFirst(",[^,]*$", ", 16");
            put(l, "copy's guard dropped", l.guard, l.opcode, s);
        }
        if (!l.root().equals("shfl")) {
            return;
        }
        String[] o = l.operands.split(",");
        if (o.length == 5) {
            String mask = l.operands.replaceFirst(",[^,]*$", ", 65535");
            put(l, "mask wrong", l.guard, l.opcode, mask);
            String[] p = o.clone();
            p[2] = l.opcode.contains("bfly") ? " 0" : " 3";
            put(l, "lane wrong", l.guard, l.opcode, String.join(",", p));
        }
    }

    private void others(Line l) {
        String other = OTHERS.get(l.opcode);
        if ("fms".equals(other)) {
            String[] o = l.operands.split(",");
            String s = String.join(",", o[0], o[1], o[3], o[2]);
            put(l, "operands swapped", l.guard, l.opcode, s);
        } else if (other != null) {
            put(l, "another operation", l.guard, other.replace("shr.b32", "shr.u32"), l.operands);
        }
    }
}
