package io.chagres.autograd;

import static org.assertj.core.api.Assertions.assertThat;

import io.chagres.autograd.Profile.Total;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.op.Softmax;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProfileTest extends Work {
    private static final String KERNEL = "io.chagres.Kernel";
    private static final String STEP = "io.chagres.Step";
    private static final String ARENA = "io.chagres.Arena";

    @TempDir Path dir;

    private List<RecordedEvent> record(Runnable body) throws IOException {
        try (Recording recording = new Recording()) {
            for (String event : List.of(KERNEL, STEP, ARENA)) {
                recording.enable(event).withoutThreshold().withoutStackTrace();
            }
            recording.start();
            run(body);
            recording.stop();
            Path file = dir.resolve("events.jfr");
            recording.dump(file);
            return RecordingFile.readAllEvents(file).stream()
                    .filter(e -> e.getEventType().getName().startsWith("io.chagres."))
                    .toList();
        }
    }

    private static List<String> operations(List<RecordedEvent> events) {
        return events.stream()
                .filter(e -> e.getEventType().getName().equals(KERNEL))
                .map(e -> e.getString("operation"))
                .toList();
    }

    @Test
    void everyOperationButViewsIsAnEvent() throws IOException {
        List<RecordedEvent> events =
                record(() ->
                        Profile.of(() -> vector(1, 2, 3, 4).reshape(2, 2).exp().slice(0, 0, 1)));
        assertThat(operations(events)).containsExactly("exp");
        RecordedEvent exp = events.getFirst();
        assertThat(exp.getString("input")).isEqualTo("F64(2, 2)");
        assertThat(exp.getDuration().toNanos()).isPositive();
    }

    @Test
    void aStepIsAnEventWithItsArena() throws IOException {
        List<RecordedEvent> events =
                record(() ->
                        assertThat(Profile.step("train", () -> vector(1, 2).sum().item()))
                                .isEqualTo(3));
        assertThat(events).extracting(e -> e.getEventType().getName()).containsExactly(STEP, ARENA);
        assertThat(events.get(0).getString("name")).isEqualTo("train");
        RecordedEvent arena = events.get(1);
        assertThat(arena.getString("name")).isEqualTo("step");
        assertThat(arena.getLong("usedBytes")).isEqualTo(128);
        assertThat(arena.getLong("peakBytes")).isEqualTo(128);
        assertThat(arena.getLong("capacityBytes")).isEqualTo(step.capacity());
        assertThat(arena.getLong("blocksRequested")).isEqualTo(1);
    }

    @Test
    void withoutAProfileOperationsMakeNoEvents() throws IOException {
        assertThat(record(() -> vector(1, 2).exp().sum())).isEmpty();
    }

    @Test
    void totalsAreKeptWithoutARecording() {
        run(() -> {
            List<Total> totals =
                    Profile.of(() -> {
                        Tensor x = random(0, 1, 50, 50);
                        Softmax.softmax(x.matmul(x).exp()).exp();
                    });
            assertThat(totals)
                    .extracting(Total::name)
                    .containsExactlyInAnyOrder("MatMul", "EXP", "Softmax");
            assertThat(totals)
                    .extracting(Total::nanos)
                    .isSortedAccordingTo((a, b) -> Long.compare(b, a));
            assertThat(totals)
                    .filteredOn(t -> t.name().equals("EXP"))
                    .extracting(Total::calls)
                    .containsExactly(2L);
        });
    }

    @Test
    void aTapeInsideAProfileShowsTheBackwardToo() {
        run(() -> {
            Tensor x = vector(1, 2);
            List<Total> totals =
                    Profile.of(() -> Tape.valueAndGrad(List.of(x), () -> x.exp().sum()));
            assertThat(totals).extracting(Total::name).contains("EXP", "SumTo", "MUL", "Full");
        });
    }
}
