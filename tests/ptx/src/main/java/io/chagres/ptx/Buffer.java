package io.chagres.ptx;

import io.chagres.ptx.machine.Allocation;
import io.chagres.ptx.machine.Bytes;
import io.chagres.ptx.machine.GlobalMemory;

/// Device memory of a [Gpu], to fill and to read back.
public final class Buffer implements AutoCloseable {
    private final GlobalMemory memory;
    private final Allocation allocation;

    Buffer(GlobalMemory memory, Allocation allocation) {
        this.memory = memory;
        this.allocation = allocation;
    }

    /// The device address.
    public long address() {
        return allocation.base();
    }

    /// The bytes themselves.
    public byte[] bytes() {
        return allocation.data();
    }

    /// Writes from the start.
    public Buffer set(float... values) {
        for (int i = 0; i < values.length; i++) {
            Bytes.putInt(bytes(), 4 * i, Float.floatToRawIntBits(values[i]));
        }
        return this;
    }

    /// Writes from the start.
    public Buffer set(int... values) {
        for (int i = 0; i < values.length; i++) {
            Bytes.putInt(bytes(), 4 * i, values[i]);
        }
        return this;
    }

    /// Writes from the start.
    public Buffer set(short... values) {
        for (int i = 0; i < values.length; i++) {
            Bytes.put(bytes(), 2 * i, 2, values[i]);
        }
        return this;
    }

    /// Writes from the start.
    public Buffer set(byte... values) {
        System.arraycopy(values, 0, bytes(), 0, values.length);
        return this;
    }

    /// Fills every byte; 0xff is NaN in every float format.
    public Buffer fill(int value) {
        java.util.Arrays.fill(bytes(), (byte) value);
        return this;
    }

    /// All as floats.
    public float[] floats() {
        float[] out = new float[bytes().length / 4];
        for (int i = 0; i < out.length; i++) {
            out[i] = Float.intBitsToFloat(Bytes.getInt(bytes(), 4 * i));
        }
        return out;
    }

    /// All as ints.
    public int[] ints() {
        int[] out = new int[bytes().length / 4];
        for (int i = 0; i < out.length; i++) {
            out[i] = Bytes.getInt(bytes(), 4 * i);
        }
        return out;
    }

    /// All as shorts: the bits of f16 or bf16.
    public short[] shorts() {
        short[] out = new short[bytes().length / 2];
        for (int i = 0; i < out.length; i++) {
            out[i] = (short) Bytes.getShort(bytes(), 2 * i);
        }
        return out;
    }

    /// All as the values of bf16.
    public float[] bf16() {
        float[] out = new float[bytes().length / 2];
        for (int i = 0; i < out.length; i++) {
            out[i] = Float.intBitsToFloat(Bytes.getShort(bytes(), 2 * i) << 16);
        }
        return out;
    }

    /// Gives the memory back; an access to it is a fault from then on.
    @Override
    public void close() {
        memory.free(allocation.base());
    }
}
