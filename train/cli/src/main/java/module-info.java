import org.jspecify.annotations.NullMarked;

/// The command line.
@NullMarked
module io.chagres.cli {
    requires static org.jspecify;
    requires extjwnl.data.wn31;
    requires info.picocli;
    requires io.chagres.bench;
    requires io.chagres.train;
    requires java.desktop;
    requires java.management;
    requires jdk.management;
    requires jdk.unsupported;
    requires org.jline.terminal;
    requires xchart;

    opens io.chagres.cli to
            info.picocli;
}
