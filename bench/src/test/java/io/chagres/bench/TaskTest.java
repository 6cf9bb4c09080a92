package io.chagres.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.chagres.bench.Workload.Choice;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class TaskTest {
    @Test
    void everyTaskSurvivesItsName() {
        for (Workload w : Workloads.ALL) {
            for (Task t : w.tasks(Choice.USUAL)) {
                assertThat(Task.parse(t.toString())).isEqualTo(t);
                assertThat(w.work(t)).as(t.toString()).isPositive();
                assertThat(Workloads.of(t)).isSameAs(w);
            }
        }
        assertThatThrownBy(() -> Task.parse("gemm/nn/1x1x1"))
                .hasMessageContaining("workload/operation/shape/dtype");
        assertThatThrownBy(() -> Workloads.of("gem")).hasMessageContaining("train-step");
    }

    @Test
    void aTaskHasSizesAndMaybeAName() {
        Task step = Task.parse("train-step/step/gpt2-124m:4x64/f32");
        assertThat(step.dims()).containsExactly(4, 64);
        assertThat(step.label()).isEqualTo("gpt2-124m");
        assertThat(Task.parse("gemm/nt/1x2x3/f32").label()).isEmpty();
    }

    @Test
    void productsComeWithTheirGradients() {
        List<String> all =
                Workloads.of("gemm").tasks(Choice.USUAL).stream().map(Task::toString).toList();
        assertThat(all)
                .contains("gemm/nn/2048x1536x384/f32")
                .contains("gemm/nt/2048x384x1536/f32")
                .contains("gemm/tn/384x1536x2048/f32")
                .hasSize(24);
    }

    @Test
    void productsWithWeightsOfEightBitsAreTransposed() {
        Choice bytes = new Choice("int8", 0, 1, "135m", 0, "");
        assertThat(Workloads.of("gemm").tasks(bytes))
                .hasSize(8)
                .allMatch(t -> t.op().equals("nt") && t.dtype().equals("int8"));
        assertThat(Workloads.of("gemv").tasks(bytes)).hasSize(20);
        for (Task t : Workloads.of("gemv").tasks(bytes)) {
            assertThat(Workloads.of(t).work(t)).isBetween(0.268, 0.2685);
        }
    }

    @Test
    void randomProductsDependOnTheSeedOnly() {
        List<Task> tasks = GemmWorkload.random(40, 7, "f32");
        assertThat(tasks).hasSize(40).doesNotHaveDuplicates();
        assertThat(GemmWorkload.random(40, 7, "f32")).isEqualTo(tasks);
        assertThat(GemmWorkload.random(40, 8, "f32")).isNotEqualTo(tasks);
        assertThat(tasks.stream().filter(t -> t.dims()[0] <= 16).count())
                .isGreaterThanOrEqualTo(10);
    }

    @Test
    void whatIsNotThereIsNamed() {
        assertThatThrownBy(() -> Workloads.of("gemm").chosen(Choice.USUAL.only("9x9")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("'9x9'");
    }

    @Test
    void aFolderIsAModelToo() {
        Choice choice = new Choice("f32", 0, 0, "/models/mine", 16, "");
        Task task = Workloads.of("decode").chosen(choice).getFirst();
        assertThat(task).hasToString("decode/greedy/|models|mine:16/f32");
        assertThat(Workloads.of(task).work(task)).isEqualTo(16);
    }

    @Test
    void peersComeInTheSettingsWorthTrying() {
        Path jars = Path.of("lib");
        assertThat(Peers.contenders(jars, "gemm", "f32", 2))
                .extracting(Contender::label)
                .containsExactly("OpenBLAS", "libtorch", "libtorch (BLAS threads)");
        assertThat(Peers.contenders(jars, "train-step", "f32", 2).getLast().environment())
                .containsEntry("OMP_NUM_THREADS", "1")
                .containsEntry("OPENBLAS_NUM_THREADS", "2")
                .containsEntry("OMP_WAIT_POLICY", "passive");
        assertThat(Peers.contenders(jars, "norms", "f32", 1)).hasSize(1);
    }
}
