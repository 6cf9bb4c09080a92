package io.chagres.train.tensorboard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EventFileTest {
    private static final InstantSource CLOCK =
            InstantSource.fixed(Instant.ofEpochMilli(1_700_000_000_500L));

    @TempDir private Path folder;

    private EventFile create() throws IOException {
        return EventFile.create(folder.resolve("run"), CLOCK);
    }

    @Test
    void everyRecordIsReadBack() throws IOException {
        float[] values = {-1, 0, 0, 2.5f, Float.NaN, Float.POSITIVE_INFINITY};
        Png png = Png.of(2, 1, new byte[] {1, 2, 3, -1, 0, 7});
        Path path;
        try (EventFile file = create()) {
            path = file.path();
            file.scalar("train/loss", 7, 1.25);
            file.text("samples/a", 300, "the *river* é");
            file.histogram("weight", 8, values);
            file.image("map", Long.MAX_VALUE, png);
        }
        assertThat(path.getFileName().toString())
                .isEqualTo("events.out.tfevents.1700000000.chagres.0");
        List<Message> events = EventReader.read(path);
        assertThat(events).hasSize(5);
        assertThat(events).allMatch(e -> e.real(1) == 1_700_000_000.5);
        assertThat(events.getFirst().text(3)).isEqualTo("brain.Event:2");

        Message scalar = events.get(1).message(5).message(1);
        assertThat(events.get(1).integer(2)).isEqualTo(7);
        assertThat(scalar.text(1)).isEqualTo("train/loss");
        assertThat(scalar.single(2)).isEqualTo(1.25f);

        Message text = events.get(2).message(5).message(1);
        assertThat(events.get(2).integer(2)).isEqualTo(300);
        assertThat(text.message(9).message(1).text(1)).isEqualTo("text");
        assertThat(text.message(8).integer(1)).as("DT_STRING").isEqualTo(7);
        assertThat(text.message(8).message(2).message(2).integer(1)).isEqualTo(1);
        assertThat(text.message(8).text(8)).isEqualTo("the *river* é");

        Message histogram = events.get(3).message(5).message(1).message(5);
        assertThat(histogram.real(1)).isEqualTo(-1);
        assertThat(histogram.real(2)).isEqualTo(2.5);
        assertThat(histogram.real(3)).isEqualTo(4);
        assertThat(histogram.real(4)).isEqualTo(1.5);
        assertThat(histogram.real(5)).isEqualTo(7.25);
        double[] limits = histogram.reals(6);
        double[] counts = histogram.reals(7);
        assertThat(limits).isSorted().hasSameSizeAs(counts);
        assertThat(Arrays.stream(counts).sum()).isEqualTo(4);
        for (double value : new double[] {-1, 0, 2.5}) {
            int i = 0;
            while (limits[i] <= value) {
                i++;
            }
            assertThat(counts[i]).as("bucket of %s", value).isEqualTo(value == 0 ? 2 : 1);
        }

        Message image = events.get(4).message(5).message(1).message(4);
        assertThat(events.get(4).integer(2)).isEqualTo(Long.MAX_VALUE);
        assertThat(image.integer(1)).isEqualTo(1);
        assertThat(image.integer(2)).isEqualTo(2);
        assertThat(image.integer(3)).isEqualTo(3);
        assertThat(image.bytes(4)).isEqualTo(png.encoded());
    }

    @Test
    void runsInTheSameSecondHaveFilesOfTheirOwn() throws IOException {
        try (EventFile a = create();
                EventFile b = create()) {
            assertThat(a.path()).isNotEqualTo(b.path());
        }
    }

    @Test
    void aFlippedBitIsFound() throws IOException {
        Path path;
        try (EventFile file = create()) {
            path = file.path();
            file.scalar("loss", 1, 2);
        }
        byte[] bytes = Files.readAllBytes(path);
        bytes[bytes.length - 6] ^= 1;
        Files.write(path, bytes);
        assertThatThrownBy(() -> EventReader.read(path)).hasMessageContaining("checksum");
    }

    /// CRC-32C of "123456789" is e3069283 (RFC 3720, and every catalogue of CRCs).
    @Test
    void checksumsAreMasked() {
        int crc = 0xe3069283;
        assertThat(Records.maskedCrc("123456789".getBytes(StandardCharsets.US_ASCII)))
                .isEqualTo((crc >>> 15 | crc << 17) + 0xa282ead8);
    }

    @Test
    void extremeValuesHaveBuckets() {
        Message m =
                Message.parse(
                        new Histogram(new float[] {-Float.MAX_VALUE, Float.MAX_VALUE, 1e-30f})
                                .toProto()
                                .toBytes());
        assertThat(Arrays.stream(m.reals(7)).sum()).isEqualTo(3);
        assertThat(m.real(2)).isEqualTo(Float.MAX_VALUE, within(0.0));
        Message none = Message.parse(new Histogram(new float[0]).toProto().toBytes());
        assertThat(none.real(3)).isZero();
    }

    @Test
    void aPictureNeedsAllItsPixels() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Png.of(2, 2, new byte[11]))
                .withMessageContaining("2 × 2");
    }
}
