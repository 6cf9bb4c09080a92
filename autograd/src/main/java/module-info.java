import org.jspecify.annotations.NullMarked;

/// Interpreters of tensor operations: exact gradients, gradient checks and profiles.
@NullMarked
module io.chagres.autograd {
    requires static transitive org.jspecify;
    requires transitive io.chagres.tensor;
    requires jdk.jfr;
    requires org.slf4j;

    exports io.chagres.autograd;
}
