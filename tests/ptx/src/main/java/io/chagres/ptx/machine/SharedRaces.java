package io.chagres.ptx.machine;

/// The shadow of a block's shared memory: for each word its last writer, and each warp's last read.
///
/// A record keeps which of the word's four bytes were meant, so threads that use different bytes of
/// one word do not meet. Of several unordered writers of one word only the last is kept.
final class SharedRaces {
    private final Clocks clocks;
    private final boolean withinWarps;
    private final int warps;
    private final int[] writeTime;
    private final short[] writer;
    private final byte[] writeBytes;
    private final int[] readTime;
    private final byte[] readBytes;
    private final byte[] readLane;
    private static final byte SEVERAL = 32;

    SharedRaces(Clocks clocks, int bytes, int warps, boolean withinWarps) {
        int words = (bytes + 3) / 4;
        this.clocks = clocks;
        this.warps = warps;
        this.withinWarps = withinWarps;
        writeTime = new int[words];
        writer = new short[words];
        writeBytes = new byte[words];
        readTime = new int[words * warps];
        readBytes = new byte[words * warps];
        readLane = new byte[words * warps];
    }

    /// Lane `lane` of `w` reads.
    void read(Warp w, int lane, int at, int size) {
        for (int word = at >> 2; word <= (at + size - 1) >> 2; word++) {
            int bytes = bytes(word, at, size);
            checkWriter(w, lane, word, bytes, "reads");
            int i = word * warps + w.id;
            int now = clocks.now(w.id);
            boolean again = readTime[i] == now;
            readLane[i] = (byte) (again && readLane[i] != lane ? SEVERAL : lane);
            readBytes[i] = (byte) (again ? readBytes[i] | bytes : bytes);
            readTime[i] = now;
        }
    }

    /// Lane `lane` of `w` writes; its own earlier accesses never count.
    void write(Warp w, int lane, int at, int size) {
        for (int word = at >> 2; word <= (at + size - 1) >> 2; word++) {
            int bytes = bytes(word, at, size);
            checkWriter(w, lane, word, bytes, "writes");
            for (int u = 0; u < warps; u++) {
                int i = word * warps + u;
                if (readTime[i] == 0 || (readBytes[i] & bytes) == 0) {
                    continue;
                }
                boolean race =
                        u == w.id
                                ? withinWarps && readTime[i] == clocks.now(u) && readLane[i] != lane
                                : !clocks.after(w.id, u, readTime[i]);
                if (race) {
                    throw race(w, lane, word, "writes", "was read by", u, readLane[i]);
                }
            }
            int now = clocks.now(w.id);
            boolean again = writeTime[word] == now && writer[word] == (w.id << 5 | lane);
            writeBytes[word] = (byte) (again ? writeBytes[word] | bytes : bytes);
            writeTime[word] = now;
            writer[word] = (short) (w.id << 5 | lane);
        }
    }

    private void checkWriter(Warp w, int lane, int word, int bytes, String does) {
        int time = writeTime[word];
        if (time == 0 || (writeBytes[word] & bytes) == 0) {
            return;
        }
        int u = writer[word] >> 5;
        boolean race =
                u == w.id
                        ? withinWarps && time == clocks.now(u) && (writer[word] & 31) != lane
                        : !clocks.after(w.id, u, time);
        if (race) {
            throw race(w, lane, word, does, "was written by", u, writer[word] & 31);
        }
    }

    private static PtxFault race(
            Warp w, int lane, int word, String does, String was, int other, int otherLane) {
        return w.fault(
                PtxFault.Kind.RACE,
                1 << lane,
                String.format(
                        "%s shared word 0x%x, which %s warp %d%s without a barrier in between",
                        does,
                        word * 4,
                        was,
                        other,
                        otherLane == SEVERAL ? "" : " lane " + otherLane));
    }

    private static int bytes(int word, int at, int size) {
        int from = Math.max(at - word * 4, 0);
        int to = Math.min(at + size - word * 4, 4);
        return (1 << to) - (1 << from);
    }
}
