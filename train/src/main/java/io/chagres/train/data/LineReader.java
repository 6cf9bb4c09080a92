package io.chagres.train.data;

import java.io.IOException;
import java.io.Reader;

/// Reads lines of bounded length, so that a file without line ends cannot fill the heap.
final class LineReader {
    /// How a call to [LineReader#read] ended.
    enum End {
        /// At a line end, which is not part of what was read; `\r\n` counts as one.
        LINE,
        /// At the limit, inside a line.
        LIMIT,
        /// At the end of the file, after a last line without a line end or without anything.
        FILE
    }

    private final Reader reader;
    private final char[] buffer = new char[16 * 1024];
    private int position;
    private int limit;
    private boolean started;

    LineReader(Reader reader) {
        this.reader = reader;
    }

    /// Appends the rest of the current line, at most `max` characters of it (one more when the last
    /// of them is the first half of a surrogate pair).
    End read(StringBuilder to, int max) throws IOException {
        for (int n = 0; ; n++) {
            if (n >= max && !(n > 0 && Character.isHighSurrogate(to.charAt(to.length() - 1)))) {
                return End.LIMIT;
            }
            while (position == limit) {
                if (!fill()) {
                    return End.FILE;
                }
            }
            char c = buffer[position++];
            if (c == '\n') {
                if (n > 0 && to.charAt(to.length() - 1) == '\r') {
                    to.setLength(to.length() - 1);
                }
                return End.LINE;
            }
            to.append(c);
        }
    }

    private boolean fill() throws IOException {
        limit = Math.max(0, reader.read(buffer));
        position = 0;
        if (!started && limit > 0) {
            started = true;
            if (buffer[0] == '\uFEFF') { // a byte order mark
                position = 1;
            }
        }
        return limit > 0;
    }
}
