package io.chagres.jmh;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.chagres.tensor.DType;
import io.chagres.tests.cases.OpCase;
import io.chagres.tests.cases.OpCases;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.openjdk.jmh.annotations.Param;

class RowsTest {
    private static final List<Class<? extends KernelBenchmark>> FAMILIES =
            List.of(
                    ActivationBenchmark.class,
                    AttentionBenchmark.class,
                    ConvertBenchmark.class,
                    ElementwiseBenchmark.class,
                    EmbeddingBenchmark.class,
                    GemmBenchmark.class,
                    GemvBenchmark.class,
                    MixtureBenchmark.class,
                    NormBenchmark.class,
                    OptimizerBenchmark.class,
                    QuantBenchmark.class,
                    RopeBenchmark.class,
                    SoftmaxBenchmark.class,
                    SortBenchmark.class);

    private static List<String> names() throws NoSuchFieldException {
        List<String> names = new ArrayList<>();
        for (Class<?> family : FAMILIES) {
            Param param = family.getDeclaredField("row").getAnnotation(Param.class);
            names.addAll(List.of(param.value()));
        }
        return names;
    }

    @Test
    void everyParameterIsARow() throws NoSuchFieldException {
        assertThat(names()).doesNotHaveDuplicates().allSatisfy(Rows::named);
        assertThatThrownBy(() -> Rows.named("nothing")).hasMessageContaining("'nothing'");
    }

    @Test
    void everyRowWithALargeVersionIsMeasured() throws NoSuchFieldException {
        List<String> large =
                OpCases.all().stream()
                        .filter(row -> !row.large().isEmpty())
                        .map(OpCase::name)
                        .toList();
        assertThat(names()).containsAll(large);
    }

    @Test
    void operandsFitTheirOperation() throws NoSuchFieldException {
        for (String name : names()) {
            OpCase row = Rows.named(name);
            assertThat(row.inputs()).as(name).isNotEmpty();
            if (!name.startsWith("matmul tn")) {
                row.op().infer(row.specs(DType.F32));
            }
        }
    }
}
