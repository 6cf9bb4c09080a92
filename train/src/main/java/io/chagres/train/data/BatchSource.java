package io.chagres.train.data;

/// An endless row of batches to train on, which can be entered at any place.
public interface BatchSource {
    /// The next batch.
    Batch next();

    /// The place of the next batch.
    Cursor cursor();

    /// Goes to a place that [#cursor] gave, under the same data and settings.
    ///
    /// @throws IllegalArgumentException when the place does not exist
    void seek(Cursor cursor);
}
