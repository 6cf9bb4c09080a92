import org.jspecify.annotations.NullMarked;

/// Measurements of whole workloads.
@NullMarked
module io.chagres.bench {
    requires static transitive org.jspecify;
    requires transitive io.chagres.train;

    exports io.chagres.bench;
}
