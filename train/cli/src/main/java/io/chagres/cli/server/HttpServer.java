package io.chagres.cli.server;

import io.chagres.tensor.io.Json;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpMessage;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.timeout.IdleStateHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.IOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/// Listens for requests over HTTP 1.1.
@SuppressWarnings("FutureReturnValueIgnored") // what fails closes the connection
final class HttpServer implements AutoCloseable {
    private static final int IDLE_SECONDS = 75;
    private static final int LINGER_SECONDS = 5;

    private final EventLoopGroup loop;
    private final Channel listening;

    /// Starts to listen.
    ///
    /// @param port 0 for any that is free
    /// @param maxBody most bytes of a request's body
    /// @param handler answers a request on a virtual thread
    HttpServer(String host, int port, int maxBody, Consumer<Exchange> handler) throws IOException {
        loop =
                new MultiThreadIoEventLoopGroup(
                        1,
                        new DefaultThreadFactory("chagres-http", true),
                        NioIoHandler.newFactory());
        var bootstrap =
                new ServerBootstrap()
                        .group(loop)
                        .channel(NioServerSocketChannel.class)
                        .option(ChannelOption.SO_BACKLOG, 512)
                        .option(ChannelOption.SO_REUSEADDR, true)
                        .childOption(ChannelOption.TCP_NODELAY, true)
                        .childHandler(new Pipeline(maxBody, handler));
        var bound = bootstrap.bind(host, port).awaitUninterruptibly();
        if (!bound.isSuccess()) {
            loop.shutdownGracefully(0, 0, TimeUnit.SECONDS);
            boolean taken = bound.cause() instanceof BindException;
            throw new IOException(
                    "cannot listen on "
                            + host
                            + ":"
                            + port
                            + ": "
                            + bound.cause().getMessage()
                            + (taken ? " (try another --port)" : ""),
                    bound.cause());
        }
        listening = bound.channel();
    }

    /// Where it listens.
    InetSocketAddress address() {
        return (InetSocketAddress) listening.localAddress();
    }

    /// Takes no more connections.
    void stopListening() {
        listening.close().awaitUninterruptibly();
    }

    /// Closes all connections.
    @Override
    public void close() {
        loop.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
    }

    private static final class Pipeline extends ChannelInitializer<SocketChannel> {
        private final int maxBody;
        private final Consumer<Exchange> handler;

        Pipeline(int maxBody, Consumer<Exchange> handler) {
            this.maxBody = maxBody;
            this.handler = handler;
        }

        @Override
        protected void initChannel(SocketChannel channel) {
            channel.pipeline()
                    .addLast(new HttpServerCodec())
                    .addLast(new IdleStateHandler(0, 0, IDLE_SECONDS))
                    .addLast(new Body(maxBody))
                    .addLast(new Connection(handler));
        }
    }

    /// Collects the body of a request, and refuses one that is too large.
    private static final class Body extends HttpObjectAggregator {
        private final int most;

        Body(int most) {
            super(most, true);
            this.most = most;
        }

        @Override
        protected void handleOversizedMessage(
                ChannelHandlerContext context, HttpMessage oversized) {
            var error =
                    new ApiException(
                            413,
                            "invalid_request_error",
                            "the request's body has more than " + most + " bytes",
                            null,
                            "request_too_large");
            byte[] text = Json.line(error.toJson()).getBytes(StandardCharsets.UTF_8);
            var response =
                    new DefaultFullHttpResponse(
                            HttpVersion.HTTP_1_1,
                            HttpResponseStatus.REQUEST_ENTITY_TOO_LARGE,
                            Unpooled.wrappedBuffer(text));
            response.headers()
                    .set(HttpHeaderNames.CONTENT_TYPE, HttpHeaderValues.APPLICATION_JSON)
                    .set(HttpHeaderNames.CONTENT_LENGTH, text.length)
                    .set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
            context.writeAndFlush(response).addListener(sent -> linger(context));
        }

        /// Reads on for a while, which drops what comes: to close while the client still sends
        /// would reset the connection, and the client would lose the answer.
        private static void linger(ChannelHandlerContext context) {
            ((SocketChannel) context.channel()).shutdownOutput();
            context.executor().schedule(() -> context.close(), LINGER_SECONDS, TimeUnit.SECONDS);
        }
    }
}
