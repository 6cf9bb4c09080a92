import io.chagres.bench.Chagres;
import io.chagres.bench.Library;
import org.jspecify.annotations.NullMarked;

/// Measurements of whole workloads.
@NullMarked
module io.chagres.bench {
    requires static transitive org.jspecify;
    requires transitive io.chagres.train;
    requires extjwnl.data.wn31;
    requires java.management;
    requires jdk.incubator.vector;

    exports io.chagres.bench;

    uses Library.Provider;

    provides Library.Provider with
            Chagres.Provider;
}
