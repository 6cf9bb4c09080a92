package io.chagres.ptx.machine;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/// Little-endian values in byte arrays.
public final class Bytes {
    private static final VarHandle SHORT = view(short[].class);
    private static final VarHandle INT = view(int[].class);
    private static final VarHandle LONG = view(long[].class);

    private Bytes() {}

    private static VarHandle view(Class<?> array) {
        return MethodHandles.byteArrayViewVarHandle(array, ByteOrder.LITTLE_ENDIAN);
    }

    /// Reads `size` bytes, zero-extended.
    public static long get(byte[] data, int at, int size) {
        return switch (size) {
            case 1 -> data[at] & 0xff;
            case 2 -> (short) SHORT.get(data, at) & 0xffff;
            case 4 -> (int) INT.get(data, at) & 0xffffffffL;
            default -> (long) LONG.get(data, at);
        };
    }

    /// Writes the low `size` bytes of `value`.
    public static void put(byte[] data, int at, int size, long value) {
        switch (size) {
            case 1 -> data[at] = (byte) value;
            case 2 -> SHORT.set(data, at, (short) value);
            case 4 -> INT.set(data, at, (int) value);
            default -> LONG.set(data, at, value);
        }
    }

    /// Reads an int.
    public static int getInt(byte[] data, int at) {
        return (int) INT.get(data, at);
    }

    /// Writes an int.
    public static void putInt(byte[] data, int at, int value) {
        INT.set(data, at, value);
    }

    /// Reads a short as its unsigned value.
    public static int getShort(byte[] data, int at) {
        return (short) SHORT.get(data, at) & 0xffff;
    }

    /// Reads a long.
    public static long getLong(byte[] data, int at) {
        return (long) LONG.get(data, at);
    }

    /// Writes a long.
    public static void putLong(byte[] data, int at, long value) {
        LONG.set(data, at, value);
    }
}
