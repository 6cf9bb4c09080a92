package io.chagres.ptx;

import io.chagres.ptx.machine.Bytes;
import io.chagres.ptx.text.Entry;
import io.chagres.ptx.text.Variable;

/// A kernel's arguments as its parameter block.
final class Arguments {
    private Arguments() {}

    static byte[] pack(Entry entry, Object... arguments) {
        if (arguments.length != entry.params().size()) {
            throw new IllegalArgumentException(
                    String.format(
                            "%s takes %d arguments, not %d",
                            entry.name(), entry.params().size(), arguments.length));
        }
        byte[] block = new byte[entry.paramBytes()];
        for (int i = 0; i < arguments.length; i++) {
            Variable p = entry.params().get(i);
            put(entry, i, block, p, arguments[i]);
        }
        return block;
    }

    private static void put(Entry entry, int i, byte[] block, Variable p, Object argument) {
        int at = (int) p.offset();
        int size = (int) p.size();
        int given =
                switch (argument) {
                    case Buffer b -> store(block, at, 8, b.address(), size);
                    case Long v -> store(block, at, 8, v, size);
                    case Double v -> store(block, at, 8, Double.doubleToRawLongBits(v), size);
                    case Integer v -> store(block, at, 4, v, size);
                    case Float v -> store(block, at, 4, Float.floatToRawIntBits(v), size);
                    case Short v -> store(block, at, 2, v, size);
                    case Byte v -> store(block, at, 1, v, size);
                    case byte[] v -> {
                        System.arraycopy(v, 0, block, at, Math.min(v.length, size));
                        yield v.length;
                    }
                    default -> 0;
                };
        if (given != size) {
            throw new IllegalArgumentException(
                    String.format(
                            "%s: argument %d (%s) has %d bytes, parameter %s has %d",
                            entry.name(),
                            i,
                            argument.getClass().getSimpleName(),
                            given,
                            p.name(),
                            size));
        }
    }

    private static int store(byte[] block, int at, int bytes, long value, int size) {
        if (bytes == size) {
            Bytes.put(block, at, bytes, value);
        }
        return bytes;
    }
}
