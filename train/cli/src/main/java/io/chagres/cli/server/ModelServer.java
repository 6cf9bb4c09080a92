package io.chagres.cli.server;

import io.chagres.nn.generate.LanguageModel;
import io.chagres.nn.text.chat.ChatTemplate;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/// Serves a model over HTTP with OpenAI's interface.
public final class ModelServer implements AutoCloseable {
    private static final long POLL_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

    private final Service service;
    private final HttpServer http;

    /// Starts to serve.
    ///
    /// @param model stays the caller's to close, after the server
    /// @param template makes prompts of chats; null when the model cannot chat
    /// @param host address to listen on
    /// @param port 0 for any that is free
    /// @param maxBody most bytes of a request's body
    /// @throws IOException when it cannot listen there
    public ModelServer(
            LanguageModel model,
            @Nullable ChatTemplate template,
            String host,
            int port,
            int maxBody,
            ServerOptions options)
            throws IOException {
        service = new Service(model, new AskReader(model, template, options.name()), options);
        http = new HttpServer(host, port, maxBody, service::handle);
    }

    /// Where it listens.
    public InetSocketAddress address() {
        return http.address();
    }

    /// Refuses what comes from now on, and waits some time for the requests under way.
    public void drain(Duration atMost) {
        service.stop();
        http.stopListening();
        long deadline = System.nanoTime() + atMost.toNanos();
        while (service.active() > 0 && System.nanoTime() < deadline) {
            LockSupport.parkNanos(this, POLL_NANOS);
        }
    }

    /// Closes all connections, which cancels the requests under way.
    @Override
    public void close() {
        service.stop();
        http.stopListening();
        http.close();
    }
}
