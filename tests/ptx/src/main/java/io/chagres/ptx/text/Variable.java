package io.chagres.ptx.text;

import org.jspecify.annotations.Nullable;

/// A variable in a state space, or a parameter.
///
/// @param space `.global`, `.const`, `.shared`, `.local` or `.param`
/// @param type element type without the dot
/// @param size bytes; 0 for `extern` shared memory
/// @param offset of a parameter in the parameter block, of a shared or local variable in its space
/// @param initial the bytes it starts with, or null
/// @param references places in `initial` that hold addresses of other variables
public record Variable(
        String name,
        String space,
        String type,
        int align,
        long size,
        long offset,
        byte @Nullable [] initial,
        java.util.Map<Integer, Operand.Symbol> references) {
    Variable at(long where) {
        return new Variable(name, space, type, align, size, where, initial, references);
    }
}
