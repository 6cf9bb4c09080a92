package io.chagres.train.metrics;

import org.eclipse.collections.api.list.primitive.DoubleList;
import org.eclipse.collections.api.list.primitive.LongList;

/// One curve of a run: a value at some of the steps. Immutable.
public final class Series {
    private final String name;
    private final LongList steps;
    private final DoubleList values;

    Series(String name, LongList steps, DoubleList values) {
        this.name = name;
        this.steps = steps;
        this.values = values;
    }

    /// The metric's name.
    public String name() {
        return name;
    }

    /// The steps at which it was logged, ascending, as a new array.
    public long[] steps() {
        return steps.toArray();
    }

    /// Its values at these steps, NaN where one was not finite, as a new array.
    public double[] values() {
        return values.toArray();
    }

    /// Number of points.
    public int size() {
        return steps.size();
    }

    /// Whether the metric was never logged.
    public boolean isEmpty() {
        return steps.isEmpty();
    }
}
