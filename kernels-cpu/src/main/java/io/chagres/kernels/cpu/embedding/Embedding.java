package io.chagres.kernels.cpu.embedding;

import io.chagres.kernels.cpu.elementwise.Fill;
import io.chagres.kernels.cpu.elementwise.Grain;
import io.chagres.kernels.cpu.pool.WorkerPool;
import io.chagres.kernels.cpu.vector.Ids;

/// Rows of a table by id, and the gradient of that. Ids are I32 or I64 (`idBytes` 4 or 8); the
/// caller has checked that each names a row of the table.
public final class Embedding {
    private static final long COLUMNS = 64;

    private Embedding() {}

    /// out[i] = table[ids[i]] for `count` rows of `rowBytes` bytes, whatever their type.
    public static void gather(
            long table, long ids, int idBytes, long out, long count, long rowBytes) {
        for (long i = 0; i < count; i++) {
            long row = table + Ids.at(ids, idBytes, i) * rowBytes;
            Fill.copy(row, out + i * rowBytes, rowBytes);
        }
    }

    /// [#gather(long, long, int, long, long, long)] by the pool's workers.
    public static void gather(
            WorkerPool pool,
            long table,
            long ids,
            int idBytes,
            long out,
            long count,
            long rowBytes) {
        var args = WorkerPool.args();
        args.l[0] = table;
        args.l[1] = ids;
        args.l[2] = idBytes;
        args.l[3] = out;
        args.l[4] = rowBytes;
        pool.forRange(
                count,
                Grain.rows(rowBytes / 4),
                args,
                (a, from, to, worker) ->
                        gather(
                                a.l[0],
                                a.l[1] + from * a.l[2],
                                (int) a.l[2],
                                a.l[3] + from * a.l[4],
                                to - from,
                                a.l[4]));
    }

    /// table[ids[i]] += dy[i] for `count` rows, in columns `from` to `to - 1` of rows of n floats.
    /// Rows with the same id are added in the order of their positions.
    public static void scatterAdd(
            long dy, long ids, int idBytes, long table, long count, long n, long from, long to) {
        for (long i = 0; i < count; i++) {
            long row = table + 4 * (Ids.at(ids, idBytes, i) * n + from);
            Fill.accumulate(dy + 4 * (i * n + from), row, to - from);
        }
    }

    /// table[ids[i]] += dy[i] for `count` rows of n floats, by the pool's workers. Each worker
    /// takes some columns of all rows, so every sum is added in the order of positions.
    public static void scatterAdd(
            WorkerPool pool, long dy, long ids, int idBytes, long table, long count, long n) {
        var args = WorkerPool.args();
        args.l[0] = dy;
        args.l[1] = ids;
        args.l[2] = idBytes;
        args.l[3] = table;
        args.l[4] = count;
        args.l[5] = n;
        pool.forRange(
                n,
                COLUMNS,
                args,
                (a, from, to, worker) ->
                        scatterAdd(a.l[0], a.l[1], (int) a.l[2], a.l[3], a.l[4], a.l[5], from, to));
    }
}
