package io.chagres.cli.server;

import io.chagres.nn.generate.Generation;
import io.chagres.nn.generate.GenerationStream;
import io.chagres.nn.generate.LanguageModel;
import io.chagres.tensor.io.Json;
import io.chagres.tensor.memory.BudgetExceeded;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Answers requests with a model: OpenAI's `/v1/models`, `/v1/completions` and
/// `/v1/chat/completions`, besides `/health` and `/metrics`.
final class Service {
    private static final Logger LOG = LoggerFactory.getLogger(Service.class);
    private static final String SERVER_ERROR = "server_error";

    private final LanguageModel model;
    private final AskReader reader;
    private final ServerOptions options;
    private final Metrics metrics;
    private final long created = System.currentTimeMillis() / 1000;
    private final AtomicInteger active = new AtomicInteger();
    private volatile boolean stopping;

    /// @param reader reads requests for the same model
    Service(LanguageModel model, AskReader reader, ServerOptions options) {
        this.model = model;
        this.reader = reader;
        this.options = options;
        this.metrics = new Metrics(model, options.name());
    }

    /// Refuses what comes from now on.
    void stop() {
        stopping = true;
    }

    /// Requests under way.
    int active() {
        return active.get();
    }

    /// Answers a request. Does not throw.
    void handle(Exchange exchange) {
        active.incrementAndGet();
        try {
            route(exchange);
        } catch (ApiException e) {
            refuse(exchange, e);
        } catch (Throwable e) {
            LOG.error("cannot answer {} {}", exchange.method(), exchange.path(), e);
            refuse(
                    exchange,
                    new ApiException(500, SERVER_ERROR, "the request failed: " + e, null, null));
        } finally {
            active.decrementAndGet();
            metrics.answered(exchange);
        }
    }

    private static void refuse(Exchange exchange, ApiException e) {
        if (!exchange.isStarted()) {
            exchange.json(e.status(), e.toJson());
        } else if (!exchange.isGone()) {
            exchange.event(Json.line(e.toJson()));
            exchange.endEvents();
        }
    }

    private void route(Exchange exchange) {
        String path = exchange.path();
        switch (path) {
            case "/health" -> {
                method(exchange, "GET");
                exchange.json(stopping ? 503 : 200, Map.of("status", stopping ? "stopping" : "ok"));
            }
            case "/metrics" -> {
                method(exchange, "GET");
                exchange.send(200, "text/plain; version=0.0.4; charset=utf-8", metrics.text());
            }
            case "/v1/models" -> {
                admit(exchange, "GET");
                exchange.json(200, Map.of("object", "list", "data", List.of(card())));
            }
            case "/v1/completions" -> {
                admit(exchange, "POST");
                answer(exchange, reader.completion(exchange.body()), "prompt");
            }
            case "/v1/chat/completions" -> {
                admit(exchange, "POST");
                answer(exchange, reader.chat(exchange.body()), "messages");
            }
            default -> {
                if (!path.equals("/v1/models/" + options.name())) {
                    throw new ApiException(
                            404, "invalid_request_error", "there is no " + path, null, "not_found");
                }
                admit(exchange, "GET");
                exchange.json(200, card());
            }
        }
    }

    private static void method(Exchange exchange, String wanted) {
        if (!exchange.method().equals(wanted)) {
            throw new ApiException(
                    405,
                    "invalid_request_error",
                    exchange.path() + " takes " + wanted + ", not " + exchange.method(),
                    null,
                    "method_not_allowed");
        }
    }

    private void admit(Exchange exchange, String wanted) {
        byte[] key = ("Bearer " + options.apiKey()).getBytes(StandardCharsets.UTF_8);
        byte[] given = exchange.header("Authorization").getBytes(StandardCharsets.UTF_8);
        if (!options.apiKey().isEmpty() && !MessageDigest.isEqual(key, given)) {
            throw new ApiException(
                    401,
                    "invalid_request_error",
                    "the API key is missing or wrong",
                    null,
                    "invalid_api_key");
        }
        method(exchange, wanted);
        if (stopping) {
            throw new ApiException(503, SERVER_ERROR, "the server is stopping", null, null);
        }
    }

    private Map<String, Object> card() {
        Map<String, Object> card = new LinkedHashMap<>();
        card.put("id", options.name());
        card.put("object", "model");
        card.put("created", created);
        card.put("owned_by", "chagres");
        card.put("max_model_len", model.maxLength());
        return card;
    }

    private void answer(Exchange exchange, Ask ask, String promptField) {
        List<GenerationStream> streams = new ArrayList<>();
        try {
            for (int i = 0; i < ask.choices(); i++) {
                streams.add(submit(ask, i, promptField));
            }
            exchange.onLeave(() -> streams.forEach(GenerationStream::cancel));
            Answers answers = new Answers(ask, model.tokenizer(), options.name());
            Taking taking = new Taking(streams, options.timeout());
            if (ask.stream()) {
                new Events(exchange, ask, answers).send(taking);
            } else {
                List<Generation> all = taking.all();
                if (!exchange.isGone()) {
                    exchange.json(200, answers.whole(all));
                }
            }
        } finally {
            streams.forEach(GenerationStream::close);
        }
    }

    private GenerationStream submit(Ask ask, int choice, String promptField) {
        try {
            return model.submit(ask.prompt(choice), ask.options(choice));
        } catch (IllegalArgumentException | BudgetExceeded e) {
            throw new ApiException(
                    400,
                    "invalid_request_error",
                    String.valueOf(e.getMessage()),
                    promptField,
                    "context_length_exceeded");
        } catch (RejectedExecutionException e) {
            throw new ApiException(
                    429, "rate_limit_error", String.valueOf(e.getMessage()), null, "queue_full");
        } catch (IllegalStateException e) {
            throw new ApiException(
                    503, SERVER_ERROR, String.valueOf(e.getMessage()), null, null);
        }
    }
}
