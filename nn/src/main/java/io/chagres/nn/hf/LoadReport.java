package io.chagres.nn.hf;

import java.util.List;

/// What loading a checkpoint found. Loading is strict, so whatever loaded has all tensors that its
/// architecture asks for and none that nobody knows.
///
/// @param matched tensors of the architecture that were there
/// @param total tensors the architecture has
/// @param skipped stored tensors that are computed or repeated, and were not read
public record LoadReport(int matched, int total, List<String> skipped) {
    @Override
    public String toString() {
        return matched
                + " of "
                + total
                + " tensors matched"
                + (skipped.isEmpty() ? "" : ", " + skipped.size() + " not needed");
    }
}
