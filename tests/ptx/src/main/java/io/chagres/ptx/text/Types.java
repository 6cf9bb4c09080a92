package io.chagres.ptx.text;

/// The fundamental types of PTX.
public final class Types {
    private Types() {}

    /// Bytes of a type given without its dot, or 0 when there is no such type.
    public static int size(String type) {
        return switch (type) {
            case "b8", "u8", "s8", "pred" -> 1;
            case "b16", "u16", "s16", "f16", "bf16", "e4m3x2", "e5m2x2" -> 2;
            case "b32", "u32", "s32", "f32", "f16x2", "bf16x2", "tf32" -> 4;
            case "b64", "u64", "s64", "f64" -> 8;
            case "b128" -> 16;
            default -> 0;
        };
    }

    /// Whether a type holds signed integers.
    public static boolean signed(String type) {
        return type.charAt(0) == 's';
    }
}
