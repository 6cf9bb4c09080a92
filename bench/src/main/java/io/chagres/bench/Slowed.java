package io.chagres.bench;

/// A library that takes longer than it needs: what a comparison must notice.
///
/// @param library what computes
/// @param share how much longer, as a part of the time
record Slowed(Library library, double share) implements Library {
    @Override
    public Prepared prepare(Task task) {
        Prepared prepared = library.prepare(task);
        return new Prepared() {
            @Override
            public void run() {
                long start = System.nanoTime();
                prepared.run();
                long end = System.nanoTime();
                long until = end + (long) ((end - start) * share);
                while (System.nanoTime() < until) {
                    Thread.onSpinWait();
                }
            }

            @Override
            public long peakBytes() {
                return prepared.peakBytes();
            }

            @Override
            public void close() {
                prepared.close();
            }
        };
    }

    @Override
    public void close() {
        library.close();
    }
}
