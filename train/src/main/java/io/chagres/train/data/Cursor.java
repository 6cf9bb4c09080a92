package io.chagres.train.data;

/// A place in the endless stream of training sequences. Together with the seed and the dataset it
/// determines all that follows.
///
/// An epoch is as many sequences as the dataset has. With one part it is a pass over all of them in
/// a new order; with several parts their weights decide how often each is gone through.
///
/// @param epoch completed epochs
/// @param position sequences drawn in the current epoch
public record Cursor(long epoch, long position) {
    /// The beginning.
    public static final Cursor START = new Cursor(0, 0);

    /// Checks the numbers.
    public Cursor {
        if (epoch < 0 || position < 0) {
            throw new IllegalArgumentException(
                    "a cursor cannot be negative: epoch %d, position %d"
                            .formatted(epoch, position));
        }
    }
}
