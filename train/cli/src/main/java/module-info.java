import org.jspecify.annotations.NullMarked;

/// The command line.
@NullMarked
module io.chagres.cli {
    requires static org.jspecify;
    requires extjwnl.data.wn31;
    requires info.picocli;
    requires io.chagres.bench;
    requires io.chagres.train;
    requires io.netty.buffer;
    requires io.netty.codec;
    requires io.netty.codec.http;
    requires io.netty.common;
    requires io.netty.handler;
    requires io.netty.transport;
    requires java.desktop;
    requires java.management;
    requires jdk.management;
    requires jdk.unsupported;
    requires org.jline.terminal;
    requires org.slf4j;
    requires xchart;

    opens io.chagres.cli to
            info.picocli;
}
