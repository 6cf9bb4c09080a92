package io.chagres.ptx.text;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// One instruction of an entry.
///
/// @param opcode the whole opcode, `ld.global.v4.u32`
/// @param parts the opcode at its dots
/// @param operands in the order written
/// @param guard the predicate before it, or null
/// @param targets for a branch, the instruction numbers it may go to
/// @param line the line in the source, from 1
/// @param text the instruction as written, for messages
public record Instruction(
        String opcode,
        List<String> parts,
        List<Operand> operands,
        Operand.@Nullable Reg guard,
        List<Integer> targets,
        int line,
        String text) {
    /// The first part: `ld` of `ld.global.u32`.
    public String root() {
        return parts.getFirst();
    }

    /// The last part, mostly the type.
    public String type() {
        return parts.getLast();
    }

    /// Whether one of the parts is `part`.
    public boolean has(String part) {
        return parts.contains(part);
    }

    /// The first part that is among `options`, or `otherwise`.
    public String oneOf(String otherwise, String... options) {
        for (String part : parts) {
            for (String option : options) {
                if (part.equals(option)) {
                    return part;
                }
            }
        }
        return otherwise;
    }
}
