package io.chagres.train.tensorboard;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// A protocol buffer message, read field by field: values are Long, Double, Float or byte[].
record Message(Map<Integer, List<Object>> fields) {
    static Message parse(byte[] bytes) {
        Map<Integer, List<Object>> fields = new LinkedHashMap<>();
        ByteBuffer in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        while (in.hasRemaining()) {
            long tag = varint(in);
            Object value =
                    switch ((int) tag & 7) {
                        case 0 -> varint(in);
                        case 1 -> in.getDouble();
                        case 2 -> {
                            byte[] data = new byte[(int) varint(in)];
                            in.get(data);
                            yield data;
                        }
                        case 5 -> in.getFloat();
                        default -> throw new IllegalStateException("wire type of tag " + tag);
                    };
            fields.computeIfAbsent((int) (tag >>> 3), f -> new ArrayList<>()).add(value);
        }
        return new Message(fields);
    }

    private static long varint(ByteBuffer in) {
        long value = 0;
        for (int shift = 0; ; shift += 7) {
            byte b = in.get();
            value |= (long) (b & 0x7f) << shift;
            if (b >= 0) {
                return value;
            }
        }
    }

    boolean has(int field) {
        return fields.containsKey(field);
    }

    private Object one(int field) {
        List<Object> all = fields.getOrDefault(field, List.of());
        if (all.size() != 1) {
            throw new IllegalStateException("field " + field + " comes " + all.size() + " times");
        }
        return all.getFirst();
    }

    long integer(int field) {
        return (long) one(field);
    }

    double real(int field) {
        return (double) one(field);
    }

    float single(int field) {
        return (float) one(field);
    }

    byte[] bytes(int field) {
        return (byte[]) one(field);
    }

    String text(int field) {
        return new String(bytes(field), StandardCharsets.UTF_8);
    }

    Message message(int field) {
        return parse(bytes(field));
    }

    double[] reals(int field) {
        ByteBuffer in = ByteBuffer.wrap(bytes(field)).order(ByteOrder.LITTLE_ENDIAN);
        double[] values = new double[in.remaining() / Double.BYTES];
        in.asDoubleBuffer().get(values);
        return values;
    }
}
