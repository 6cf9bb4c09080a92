package io.chagres.cli.server;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.timeout.IdleStateEvent;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// A client's connection: hands requests to a handler, one after another, each on a virtual thread,
/// and tells the request under way when the client leaves. Reading goes on meanwhile, which is how
/// that is known at once.
final class Connection extends SimpleChannelInboundHandler<FullHttpRequest> {
    /// The user event that says that a response was sent.
    static final Object ANSWERED = new Object();

    private static final int MOST_PIPELINED = 16;

    private final Consumer<Exchange> handler;
    private final Deque<Exchange> pipelined = new ArrayDeque<>();
    private @Nullable Exchange current;

    /// @param handler answers a request, may block, and does not throw
    Connection(Consumer<Exchange> handler) {
        this.handler = handler;
    }

    @Override
    protected void channelRead0(ChannelHandlerContext context, FullHttpRequest request) {
        String uri = request.uri();
        int query = uri.indexOf('?');
        Exchange exchange =
                new Exchange(
                        context.channel(),
                        request.method().name(),
                        query < 0 ? uri : uri.substring(0, query),
                        request.headers(),
                        request.content().toString(StandardCharsets.UTF_8),
                        HttpUtil.isKeepAlive(request));
        if (request.decoderResult().isFailure()) {
            exchange.json(400, ApiException.invalid("this is not HTTP", null).toJson());
            context.close();
        } else if (current == null) {
            start(exchange);
        } else if (pipelined.size() < MOST_PIPELINED) {
            pipelined.add(exchange);
        } else {
            context.close();
        }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) {
        if (event == ANSWERED) {
            Exchange next = pipelined.poll();
            current = null;
            if (next != null) {
                start(next);
            }
        } else if (event instanceof IdleStateEvent && current == null) {
            context.close();
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        Exchange exchange = current;
        pipelined.clear();
        if (exchange != null) {
            exchange.leave();
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        context.close(); // a reset connection, most often; the exchange hears of it
    }

    private void start(Exchange exchange) {
        current = exchange;
        Thread.ofVirtual().name("chagres-request").start(() -> handler.accept(exchange));
    }
}
