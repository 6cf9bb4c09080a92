package io.chagres.ptx.mutate;

/// A module with one thing wrong.
///
/// @param kind what was done, such as `barrier dropped`
/// @param line where, from 1
/// @param before the line as it was
/// @param after the line as it is now
/// @param source the whole text
public record Mutant(String kind, int line, String before, String after, String source) {
    @Override
    public String toString() {
        return "line "
                + line
                + ", "
                + kind
                + ": `"
                + before.strip()
                + "` -> `"
                + after.strip()
                + "`";
    }
}
