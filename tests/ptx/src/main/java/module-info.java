import org.jspecify.annotations.NullMarked;

/// Runs PTX without a GPU, and finds its faults.
@NullMarked
module io.chagres.ptx {
    requires static transitive org.jspecify;

    exports io.chagres.ptx;
    exports io.chagres.ptx.driver;
    exports io.chagres.ptx.machine;
    exports io.chagres.ptx.text;
}
