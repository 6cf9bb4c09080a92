package io.chagres.ptx.machine;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// The shadow of an allocation during one launch: for each word its last writer and reader.
///
/// Nothing orders blocks but atomics after a fence. Two readers of one block are kept as one
/// without a warp. Blocks run one after the other while races are looked for.
final class GlobalRaces {
    private static final int SEVERAL = 1 << 20;

    private final Allocation of;
    private @Nullable Launch launch;
    private int[] writeBlock = {};
    private int[] writeTime = {};
    private short[] writer = {};
    private byte[] writeBytes = {};
    private int[] readBlock = {};
    private int[] readTime = {};
    private int[] reader = {};
    private byte[] readBytes = {};

    GlobalRaces(Allocation of) {
        this.of = of;
    }

    private void start(Launch l) {
        if (launch == l) {
            return;
        }
        launch = l;
        int words = (of.size() + 3) / 4;
        if (writeBlock.length == words) {
            Arrays.fill(writeBlock, 0);
            Arrays.fill(readBlock, 0);
            return;
        }
        writeBlock = new int[words];
        writeTime = new int[words];
        writer = new short[words];
        writeBytes = new byte[words];
        readBlock = new int[words];
        readTime = new int[words];
        reader = new int[words];
        readBytes = new byte[words];
    }

    void read(Warp w, int lane, int at, int size, boolean readOnlyCache) {
        start(w.block.launch);
        int me = w.block.number + 1;
        for (int word = at >> 2; word <= (at + size - 1) >> 2; word++) {
            int bytes = bytes(word, at, size);
            if (readOnlyCache && writeBlock[word] != 0 && (writeBytes[word] & bytes) != 0) {
                throw fault(
                        w,
                        lane,
                        word,
                        "reads through the read-only cache",
                        "was written by",
                        writeBlock[word],
                        writer[word] >> 5);
            }
            checkWriter(w, lane, word, bytes, "reads");
            int now = w.block.clocks().now(w.id);
            int thread = w.id << 5 | lane;
            boolean first = readBlock[word] == 0;
            if (!first && readBlock[word] != me) {
                readBlock[word] = -1;
            } else {
                boolean other = !first && reader[word] != thread && readTime[word] != 0;
                readBlock[word] = me;
                reader[word] = other ? SEVERAL : thread;
            }
            readTime[word] = first ? now : Math.max(now, readTime[word]);
            readBytes[word] = (byte) (first ? bytes : readBytes[word] | bytes);
        }
    }

    void write(Warp w, int lane, int at, int size) {
        start(w.block.launch);
        int me = w.block.number + 1;
        for (int word = at >> 2; word <= (at + size - 1) >> 2; word++) {
            int bytes = bytes(word, at, size);
            checkWriter(w, lane, word, bytes, "writes");
            int rb = readBlock[word];
            if (rb != 0 && (readBytes[word] & bytes) != 0) {
                checkReader(w, lane, word, rb, me);
            }
            boolean mine = writeBlock[word] == me && writer[word] == (w.id << 5 | lane);
            writeBytes[word] = (byte) (mine ? writeBytes[word] | bytes : bytes);
            writeBlock[word] = me;
            writeTime[word] = w.block.clocks().now(w.id);
            writer[word] = (short) (w.id << 5 | lane);
        }
    }

    private void checkReader(Warp w, int lane, int word, int rb, int me) {
        boolean race;
        int u = reader[word] >> 5;
        if (rb == -1) {
            race = !w.block.orderedAfterAny();
        } else if (rb != me) {
            race = !w.block.orderedAfter(rb - 1);
        } else if (reader[word] == SEVERAL) {
            race =
                    w.block.clocks().unseen(w.id, readTime[word])
                            && readTime[word] != w.block.clocks().now(w.id);
        } else if (u != w.id) {
            race = !w.block.clocks().after(w.id, u, readTime[word]);
        } else {
            race = false;
        }
        if (race) {
            throw fault(w, lane, word, "writes", "was read by", rb, u);
        }
    }

    private void checkWriter(Warp w, int lane, int word, int bytes, String does) {
        int wb = writeBlock[word];
        if (wb == 0 || (writeBytes[word] & bytes) == 0) {
            return;
        }
        int u = writer[word] >> 5;
        boolean race;
        if (wb != w.block.number + 1) {
            race = !w.block.orderedAfter(wb - 1);
        } else if (u != w.id) {
            race = !w.block.clocks().after(w.id, u, writeTime[word]);
        } else {
            race =
                    w.block.launch.checks().warpRaces()
                            && writeTime[word] == w.block.clocks().now(u)
                            && (writer[word] & 31) != lane;
        }
        if (race) {
            throw fault(w, lane, word, does, "was written by", wb, u);
        }
    }

    private PtxFault fault(
            Warp w, int lane, int word, String does, String was, int block, int warp) {
        String who = block < 0 ? "several blocks" : "block " + (block - 1);
        if (block == w.block.number + 1) {
            who += reader.length > 0 && warp == SEVERAL >> 5 ? "" : " warp " + warp;
        }
        return w.fault(
                PtxFault.Kind.RACE,
                1 << lane,
                String.format(
                        "%s byte %d of %s, which %s %s in this launch, and nothing orders them",
                        does, word * 4, of, was, who));
    }

    private static int bytes(int word, int at, int size) {
        int from = Math.max(at - word * 4, 0);
        int to = Math.min(at + size - word * 4, 4);
        return (1 << to) - (1 << from);
    }
}
