package io.chagres.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.chagres.tensor.io.Json;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class MeasurementTest {
    private static final Task TASK = Task.parse("gemm/nn/100x200x50/f32");
    private static final double[] SAMPLES = {0.004, 0.001, 0.002, 0.002, 0.003};

    @Test
    void jsonHasTheFigureAndItsScatter() {
        Measurement m = Measurement.of("chagres", TASK, 2, SAMPLES, 10, 20);
        assertThat(m.toJson())
                .containsEntry("name", "gemm")
                .containsEntry("op", "nn")
                .containsEntry("shape", "100x200x50")
                .containsEntry("dtype", "f32")
                .containsEntry("library", "chagres")
                .containsEntry("threads", 2)
                .containsEntry("seconds", 0.002)
                .containsEntry("seconds_min", 0.001)
                .containsEntry("seconds_max", 0.004)
                .containsEntry("runs", 5)
                .containsEntry("gflops", 1.0)
                .containsEntry("peak_bytes", 10L)
                .containsEntry("resident_bytes", 20L);
        assertThat(Measurement.of(Json.parse(Json.line(m.toJson()), "a line"))).isEqualTo(m);
    }

    @Test
    void tablesAlignAndMarkdownHasBars() {
        Table table = new Table("what", "how much").add("a", "1.00").add("long name", "12,345");
        assertThat(table.toString(false))
                .isEqualTo("what       how much\na              1.00\nlong name    12,345\n");
        assertThat(table.toString(true))
                .isEqualTo(
                        """
                        | what      | how much |
                        |---|---:|
                        | a         |     1.00 |
                        | long name |   12,345 |
                        """);
        assertThat(Table.number(0.01234)).isEqualTo("0.0123");
        assertThat(Table.number(98.123)).isEqualTo("98.12");
        assertThat(Table.number(12345.6)).isEqualTo("12,346");
    }

    @Test
    void chagresMeasuresEveryKindOfTask() {
        List<Task> tasks = new ArrayList<>();
        for (String name :
                List.of(
                        "gemm/tn/8x16x4/f32",
                        "gemm/nt/8x16x32/int8",
                        "gemv/linear/1x64x32/f16",
                        "gemv/linear/1x64x32/int8",
                        "gemv/dynamic/2x64x32/int8",
                        "attention/both/1x2x16x8/f32",
                        "attention-scaling/full/1x1x96x8/f32",
                        "attention-scaling/window/1x1x96x8/f32",
                        "attention-scaling/lsh/1x1x96x8/f32",
                        "norms/softmax+backward/4x64/f32",
                        "norms/cross-entropy+backward/4x64/f32",
                        "norms/layer-norm+backward/4x64/f32",
                        "norms/rms-norm+backward/4x64/f32",
                        "norms/gelu+backward/4x64/f32",
                        "norms/silu/4x64/f32",
                        "norms/adamw/4x64/f32",
                        "norms/rope/4x64/f32",
                        "norms/embedding/4x64/f32",
                        "norms/convert/4x64/f32",
                        "norms/add/4x64/f32",
                        "train-step/step/llama-tiny:1x8/f32",
                        "train-step/step/llama-tiny:1x8/bf16",
                        "memory-bandwidth/read/65536/int32",
                        "memory-bandwidth/copy/65536/int32")) {
            tasks.add(Task.parse(name));
        }
        List<Measurement> all = new ArrayList<>();
        try (Chagres chagres = new Chagres(1)) {
            Worker.run(
                    chagres,
                    "chagres",
                    1,
                    1e-3,
                    tasks,
                    all::add,
                    (task, why) -> assertThat(why).as(task.toString()).isEmpty());
        }
        assertThat(all).extracting(Measurement::task).isEqualTo(tasks);
        assertThat(all).allMatch(m -> m.seconds() > 0 && m.peakBytes() > 0 && m.runs() >= 3);
        assertThat(Measurement.table(all, true).lines()).hasSize(tasks.size() + 2);
    }

    @Test
    void whatALibraryCannotDoIsSaid() {
        refused("train-step/step/llama-tiny:1x8/int8", "int8");
        refused("norms/softmax/4x64/int8", "softmax");
    }

    private static void refused(String name, String why) {
        List<String> refused = new ArrayList<>();
        try (Chagres chagres = new Chagres(1)) {
            Task task = Task.parse(name);
            Worker.run(
                    chagres,
                    "chagres",
                    1,
                    1e-3,
                    List.of(task),
                    m -> {},
                    (t, reason) -> refused.add(t + ": " + reason));
        }
        assertThat(refused).hasSize(1).allMatch(r -> r.contains(why));
    }

    @Test
    void aSlowedLibraryTakesLonger() {
        class Idle implements Library {
            @Override
            public Prepared prepare(Task task) {
                return new Prepared() {
                    @Override
                    public void run() {
                        long until = System.nanoTime() + 200_000;
                        while (System.nanoTime() < until) {
                            Thread.onSpinWait();
                        }
                    }

                    @Override
                    public void close() {}
                };
            }

            @Override
            public void close() {}
        }
        try (Library slowed = new Slowed(new Idle(), 9);
                Prepared p = slowed.prepare(TASK)) {
            long start = System.nanoTime();
            p.run();
            assertThat(System.nanoTime() - start).isGreaterThanOrEqualTo(2_000_000);
        }
    }

    @Test
    void aProfileAccountsForTheWholeStep() {
        Task task = Task.parse("train-step/step/llama-tiny:1x8/f32");
        List<StepProfile.Line> lines = StepProfile.of(1, task, TASK, 1e-3);
        StepProfile.Line whole = lines.getLast();
        assertThat(whole.name()).isEqualTo("whole step");
        assertThat(whole.share()).isEqualTo(1);
        List<StepProfile.Line> parts = lines.subList(0, lines.size() - 1);
        assertThat(parts.stream().mapToDouble(StepProfile.Line::share).sum())
                .isCloseTo(1, within(1e-9));
        assertThat(parts).extracting(StepProfile.Line::name).contains("Linear", "MatMul", "AdamW");
        assertThat(StepProfile.toString(lines, true)).contains("| Linear");
    }
}
