package io.chagres.train.tensorboard;

import java.io.BufferedOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.InstantSource;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// A TensorBoard event file that is being written. `tensorboard --logdir` shows every such file of
/// a folder as one run, so that a run that goes on writes another.
///
/// Messages are those of TensorFlow's `event.proto` and `summary.proto`, written by hand. Not safe
/// for use by several threads.
public final class EventFile implements Closeable {
    private static final String VERSION = "brain.Event:2";
    private static final int STRING_TYPE = 7;

    private final Path path;
    private final OutputStream out;
    private final InstantSource clock;

    private EventFile(Path path, OutputStream out, InstantSource clock) {
        this.path = path;
        this.out = out;
        this.clock = clock;
    }

    /// Begins a new file in a folder, which is made when missing.
    ///
    /// @param clock the time of events
    public static EventFile create(Path folder, InstantSource clock) throws IOException {
        Files.createDirectories(folder);
        OutputStream out = null;
        Path path = folder;
        for (int n = 0; out == null; n++) {
            path = folder.resolve(name(clock.millis() / 1000, n));
            out = createNew(path);
        }
        var file = new EventFile(path, new BufferedOutputStream(out), clock);
        file.write(file.event().text(3, VERSION));
        return file;
    }

    private static String name(long seconds, int n) {
        return String.format(Locale.ROOT, "events.out.tfevents.%010d.chagres.%d", seconds, n);
    }

    /// A new file; null when there is one already, of a run that began in the same second.
    private static @Nullable OutputStream createNew(Path path) throws IOException {
        try {
            return Files.newOutputStream(
                    path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        } catch (FileAlreadyExistsException e) {
            return null;
        }
    }

    /// The file.
    public Path path() {
        return path;
    }

    /// Adds a number.
    ///
    /// @param tag its name; what is before a `/` groups it
    public void scalar(String tag, long step, double value) throws IOException {
        summary(step, new Proto().text(1, tag).single(2, (float) value));
    }

    /// Adds a text, which TensorBoard reads as Markdown.
    public void text(String tag, long step, String text) throws IOException {
        Proto plugin = new Proto().message(1, new Proto().text(1, "text"));
        Proto shape = new Proto().message(2, new Proto().integer(1, 1));
        Proto tensor = new Proto().integer(1, STRING_TYPE).message(2, shape).text(8, text);
        summary(step, new Proto().text(1, tag).message(9, plugin).message(8, tensor));
    }

    /// Adds the distribution of values; those that are not finite are left out.
    public void histogram(String tag, long step, float[] values) throws IOException {
        summary(step, new Proto().text(1, tag).message(5, new Histogram(values).toProto()));
    }

    /// Adds a picture.
    public void image(String tag, long step, Png png) throws IOException {
        Proto image =
                new Proto()
                        .integer(1, png.height())
                        .integer(2, png.width())
                        .integer(3, Png.CHANNELS)
                        .bytes(4, png.encoded());
        summary(step, new Proto().text(1, tag).message(4, image));
    }

    /// Hands everything to the file, where TensorBoard sees it.
    public void flush() throws IOException {
        out.flush();
    }

    @Override
    public void close() throws IOException {
        out.close();
    }

    private void summary(long step, Proto value) throws IOException {
        write(event().integer(2, step).message(5, new Proto().message(1, value)));
    }

    private Proto event() {
        return new Proto().real(1, clock.millis() / 1e3);
    }

    private void write(Proto event) throws IOException {
        Records.write(out, event.toBytes());
    }
}
