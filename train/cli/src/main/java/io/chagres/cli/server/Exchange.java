package io.chagres.cli.server;

import io.chagres.tensor.io.Json;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;

/// One request over HTTP and the response to it. Its methods may be called by any thread.
final class Exchange {
    private static final long WRITE_TIMEOUT_SECONDS = 30;

    private final Channel channel;
    private final String method;
    private final String path;
    private final HttpHeaders headers;
    private final String body;
    private final boolean keepAlive;
    private boolean gone;
    private Runnable leaving = () -> {};
    private volatile boolean started;
    private volatile int status;

    /// @param body of the request, as text
    /// @param keepAlive whether the connection stays open after it
    Exchange(
            Channel channel,
            String method,
            String path,
            HttpHeaders headers,
            String body,
            boolean keepAlive) {
        this.channel = channel;
        this.method = method;
        this.path = path;
        this.headers = headers;
        this.body = body;
        this.keepAlive = keepAlive;
    }

    String method() {
        return method;
    }

    /// The path, without a query.
    String path() {
        return path;
    }

    String body() {
        return body;
    }

    /// A field of the request's header; empty when it is absent.
    String header(CharSequence name) {
        return headers.get(name, "");
    }

    /// The status of the response; 0 before there is one.
    int status() {
        return status;
    }

    /// Whether the response was begun.
    boolean isStarted() {
        return started;
    }

    /// Whether the client closed the connection.
    synchronized boolean isGone() {
        return gone;
    }

    /// Says what to do when the client leaves; at once if it has left.
    void onLeave(Runnable action) {
        boolean now;
        synchronized (this) {
            now = gone;
            leaving = action;
        }
        if (now) {
            action.run();
        }
    }

    /// The client has left.
    void leave() {
        Runnable action;
        synchronized (this) {
            gone = true;
            action = leaving;
        }
        action.run();
    }

    /// Sends a JSON value as the whole response.
    void json(int code, Object value) {
        send(code, "application/json", Json.line(value) + "\n");
    }

    /// Sends a text as the whole response.
    void send(int code, String contentType, String text) {
        ByteBuf bytes = bytes(text);
        var response =
                new DefaultFullHttpResponse(
                        HttpVersion.HTTP_1_1, HttpResponseStatus.valueOf(code), bytes);
        response.headers().set(HttpHeaderNames.CONTENT_LENGTH, bytes.readableBytes());
        head(response, contentType);
        end(channel.writeAndFlush(response));
    }

    /// Begins a response of server-sent events.
    void beginEvents() {
        var response = new DefaultHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.OK);
        response.headers().set(HttpHeaderNames.TRANSFER_ENCODING, HttpHeaderValues.CHUNKED);
        response.headers().set(HttpHeaderNames.CACHE_CONTROL, HttpHeaderValues.NO_CACHE);
        head(response, "text/event-stream; charset=utf-8");
        channel.writeAndFlush(response);
    }

    /// Sends an event. Waits while the client reads too slowly, and closes the connection when it
    /// does not read at all.
    void event(String data) {
        ChannelFuture written =
                channel.writeAndFlush(new DefaultHttpContent(bytes("data: " + data + "\n\n")));
        if (!channel.isWritable()) {
            try {
                if (!written.await(WRITE_TIMEOUT_SECONDS, TimeUnit.SECONDS)) {
                    channel.close();
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                channel.close();
            }
        }
    }

    /// Ends a response of events.
    void endEvents() {
        end(channel.writeAndFlush(LastHttpContent.EMPTY_LAST_CONTENT));
    }

    private void head(HttpResponse response, String contentType) {
        started = true;
        status = response.status().code();
        response.headers().set(HttpHeaderNames.CONTENT_TYPE, contentType);
        if (!keepAlive) {
            response.headers().set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
        }
    }

    private void end(ChannelFuture last) {
        last.addListener(done -> {
            if (keepAlive && done.isSuccess()) {
                channel.pipeline().fireUserEventTriggered(Connection.ANSWERED);
            } else {
                channel.close();
            }
        });
    }

    private static ByteBuf bytes(String text) {
        return Unpooled.wrappedBuffer(text.getBytes(StandardCharsets.UTF_8));
    }
}
