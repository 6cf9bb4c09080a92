package io.chagres.tensor.io;

import io.chagres.tensor.DType;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Element types that a safetensors header may name. Those without a [DType] are valid in a file
/// but cannot be read as tensors here.
enum StoredType {
    F64(64, DType.F64),
    F32(32, DType.F32),
    F16(16, DType.F16),
    BF16(16, DType.BF16),
    I64(64, DType.I64),
    I32(32, DType.I32),
    I8(8, DType.I8),
    BOOL(8, DType.BOOL),
    U64(64, null),
    U32(32, null),
    U16(16, null),
    U8(8, null),
    I16(16, null),
    C64(64, null),
    F8_E4M3(8, null),
    F8_E5M2(8, null),
    F8_E8M0(8, null),
    F8_E4M3FNUZ(8, null),
    F8_E5M2FNUZ(8, null),
    F6_E2M3(6, null),
    F6_E3M2(6, null),
    F4(4, null);

    private static final Map<String, StoredType> BY_NAME =
            Arrays.stream(values()).collect(Collectors.toUnmodifiableMap(Enum::name, t -> t));

    private final int bits;
    private final @Nullable DType dtype;

    StoredType(int bits, @Nullable DType dtype) {
        this.bits = bits;
        this.dtype = dtype;
    }

    /// The type of that name, or `null`.
    static @Nullable StoredType named(String name) {
        return BY_NAME.get(name);
    }

    /// How elements of that type are stored.
    static StoredType of(DType dtype) {
        return Arrays.stream(values()).filter(t -> t.dtype == dtype).findFirst().orElseThrow();
    }

    /// Width of one element.
    int bits() {
        return bits;
    }

    /// The type of tensors that hold it, or `null`.
    @Nullable DType dtype() {
        return dtype;
    }
}
