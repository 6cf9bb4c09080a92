package io.chagres.kernels.cpu.attention;

/// What one worker thread keeps between tasks: its place in the call, its scratch memory and the
/// passes that need state.
final class Worker {
    /// The sequence, head and block being worked on.
    final Segment segment = new Segment();

    /// The backward pass of this worker.
    final Backward backward = new Backward(segment);

    /// Address of the scratch memory, aligned to 64 bytes.
    long scratch;

    Worker() {}
}
