package io.chagres.train.metrics;

import org.eclipse.collections.api.list.primitive.ImmutableDoubleList;
import org.eclipse.collections.api.list.primitive.ImmutableLongList;

/// One curve of a run: a value at some of the steps.
///
/// @param name the metric's name
/// @param steps the steps at which it was logged, ascending
/// @param values its values, NaN where a value was not finite; as many as `steps`
public record Series(String name, ImmutableLongList steps, ImmutableDoubleList values) {
    /// Number of points.
    public int size() {
        return steps.size();
    }

    /// Whether the metric was never logged.
    public boolean isEmpty() {
        return steps.isEmpty();
    }
}
