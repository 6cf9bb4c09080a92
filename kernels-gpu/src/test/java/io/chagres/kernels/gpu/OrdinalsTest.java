package io.chagres.kernels.gpu;

import static org.assertj.core.api.Assertions.assertThat;

import io.chagres.tensor.DType;
import io.chagres.tensor.op.Activation;
import io.chagres.tensor.op.Binary;
import io.chagres.tensor.op.Compare;
import io.chagres.tensor.op.Unary;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/// Kernels get ordinals of Java's enums as numbers; their sources list the same names in the same
/// order.
class OrdinalsTest {
    @Test
    void theSourcesCountAsJavaDoes() throws IOException {
        lists("unary.cu", Unary.values());
        lists("binary.cu", Binary.values());
        lists("binary.cu", Compare.values());
        lists("activation.cu", Activation.values());
        lists("cast.cu", DType.values());
    }

    private static void lists(String file, Enum<?>[] constants) throws IOException {
        String names = Arrays.stream(constants).map(Enum::name).collect(Collectors.joining(", "));
        assertThat(Files.readString(Path.of("src/main/cuda", file)))
                .contains("enum { " + names + " };");
    }
}
