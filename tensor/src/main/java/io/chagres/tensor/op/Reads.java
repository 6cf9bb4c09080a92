package io.chagres.tensor.op;

/// The inputs and outputs whose values a gradient reads, as bit sets.
///
/// @param inputs bit i is set when input i is read
/// @param outputs bit i is set when output i is read
public record Reads(long inputs, long outputs) {
    /// Every input and output.
    public static final Reads ALL = new Reads(-1, -1);

    /// Nothing: shapes are enough.
    public static final Reads NONE = new Reads(0, 0);

    /// These inputs and no output.
    public static Reads inputs(int... indices) {
        return new Reads(bits(indices), 0);
    }

    /// These outputs and no input.
    public static Reads outputs(int... indices) {
        return new Reads(0, bits(indices));
    }

    /// This and some outputs.
    public Reads andOutputs(int... indices) {
        return new Reads(inputs, outputs | bits(indices));
    }

    /// This and one more input when `condition` holds.
    public Reads andInput(int index, boolean condition) {
        return condition ? new Reads(inputs | 1L << index, outputs) : this;
    }

    /// Whether the value of input i is read.
    public boolean readsInput(int i) {
        return (inputs >>> i & 1) != 0;
    }

    /// Whether the value of output i is read.
    public boolean readsOutput(int i) {
        return (outputs >>> i & 1) != 0;
    }

    private static long bits(int... indices) {
        long b = 0;
        for (int i : indices) {
            b |= 1L << i;
        }
        return b;
    }
}
