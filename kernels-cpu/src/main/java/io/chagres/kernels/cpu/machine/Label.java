package io.chagres.kernels.cpu.machine;

import java.util.ArrayList;
import java.util.List;

/// A place in code, to jump to; made by [Assembler#label()] and put by [Assembler#bind].
public final class Label {
    /// Where it is, or -1 as long as that is not known.
    int position = -1;

    /// Where the 4-byte distances are that wait for the place to be known.
    final List<Integer> waiting = new ArrayList<>();

    Label() {}
}
