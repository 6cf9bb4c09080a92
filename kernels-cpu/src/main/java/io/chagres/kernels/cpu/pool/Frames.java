package io.chagres.kernels.cpu.pool;

import java.util.Arrays;

/// What a thread keeps for its calls into pools: one parameter block and one team of its own per
/// level of nesting, so that a body that calls kernels itself cannot overwrite the block it is
/// running with.
final class Frames {
    private static final ThreadLocal<Frames> CURRENT = ThreadLocal.withInitial(Frames::new);

    private Args[] blocks = {new Args()};
    private Team[] teams = {Team.solo()};
    private int depth;

    /// Whether this thread is at work for a pool (as its caller or as one of its workers).
    boolean inJob;

    private Frames() {}

    static Frames current() {
        return CURRENT.get();
    }

    Args block() {
        return blocks[depth];
    }

    Team soloTeam() {
        return teams[depth];
    }

    void enter() {
        depth++;
        if (depth == blocks.length) {
            blocks = Arrays.copyOf(blocks, depth + 1);
            blocks[depth] = new Args();
            teams = Arrays.copyOf(teams, depth + 1);
            teams[depth] = Team.solo();
        }
    }

    void leave() {
        depth--;
    }
}
