package io.chagres.ptx.machine;

import java.util.Arrays;

/// A piece of global memory: one allocation, or one variable of a module.
public final class Allocation {
    private final String name;
    private final long base;
    private final byte[] data;
    private final boolean constant;
    private final GlobalRaces races;

    Allocation(String name, long base, int size, boolean constant) {
        this.name = name;
        this.base = base;
        this.data = new byte[size];
        this.constant = constant;
        this.races = new GlobalRaces(this);
        Arrays.fill(data, (byte) 0xff);
    }

    /// What the memory is called in messages.
    public String name() {
        return name;
    }

    /// Its device address.
    public long base() {
        return base;
    }

    /// Its bytes, little-endian; they start as 0xff, which is NaN in every float format.
    public byte[] data() {
        return data;
    }

    /// Bytes.
    public int size() {
        return data.length;
    }

    /// Whether kernels may not write it.
    public boolean constant() {
        return constant;
    }

    GlobalRaces races() {
        return races;
    }

    @Override
    public String toString() {
        return String.format("%s of %d bytes at 0x%x", name, data.length, base);
    }
}
