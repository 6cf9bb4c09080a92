import org.jspecify.annotations.NullMarked;

/// The command line.
@NullMarked
module io.chagres.cli {
    requires static org.jspecify;
    requires com.fasterxml.jackson.databind;
    requires info.picocli;
    requires io.chagres.bench;
    requires io.chagres.train;
    requires java.desktop;
    requires java.management;
    requires me.tongfei.progressbar;
    requires org.slf4j;
    requires xchart;

    opens io.chagres.cli to
            info.picocli;
}
