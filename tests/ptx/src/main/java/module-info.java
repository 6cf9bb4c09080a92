import org.jspecify.annotations.NullMarked;

/// Runs PTX without a GPU, and finds its faults.
@NullMarked
module io.chagres.ptx {
    requires static transitive org.jspecify;
    requires static transitive org.junit.jupiter.api;

    exports io.chagres.ptx;
    exports io.chagres.ptx.check;
    exports io.chagres.ptx.driver;
    exports io.chagres.ptx.junit;
    exports io.chagres.ptx.machine;
    exports io.chagres.ptx.mutate;
    exports io.chagres.ptx.text;
}
