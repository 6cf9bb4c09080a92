package io.chagres.cli.server;

import io.chagres.nn.generate.EngineStats;
import io.chagres.nn.generate.LanguageModel;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.LongAdder;

/// What has been done, in Prometheus' text format.
final class Metrics {
    private final LanguageModel model;
    private final String name;
    private final Map<String, LongAdder> responses = new ConcurrentSkipListMap<>();

    /// @param name the model's
    Metrics(LanguageModel model, String name) {
        this.model = model;
        this.name = name.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n");
    }

    /// A request was answered, or its client has left.
    void answered(Exchange exchange) {
        String status = exchange.status() == 0 ? "left" : Integer.toString(exchange.status());
        responses.computeIfAbsent(status, key -> new LongAdder()).increment();
    }

    String text() {
        EngineStats s = model.stats();
        StringBuilder out = new StringBuilder();
        gauge(out, "requests_running", "Requests whose prompt was begun.", s.running());
        gauge(out, "requests_waiting", "Requests in the queue.", s.waiting());
        gauge(out, "kv_cache_used_bytes", "Bytes of KV pages in use.", s.kvUsedBytes());
        gauge(out, "kv_cache_total_bytes", "Bytes of all KV pages.", s.kvTotalBytes());
        counter(out, "prompt_tokens_total", "Tokens of prompts computed.", s.promptTokens());
        counter(out, "generated_tokens_total", "Tokens generated.", s.generatedTokens());
        counter(out, "preemptions_total", "Requests that began again.", s.preemptions());
        counter(out, "draft_tokens_total", "Tokens that a draft head guessed.", s.guesses());
        counter(out, "draft_tokens_right_total", "Of those the right ones.", s.rightGuesses());
        Map<String, Long> ended = new TreeMap<>();
        s.finished().forEach((reason, n) -> ended.put(reason.name().toLowerCase(Locale.ROOT), n));
        ended.put("failed", s.failed());
        labelled(out, "requests_finished_total", "Answers that ended.", "reason", ended);
        Map<String, Long> codes = new TreeMap<>();
        responses.forEach((status, n) -> codes.put(status, n.sum()));
        labelled(out, "http_responses_total", "Responses over HTTP.", "status", codes);
        histogram(out, "queue_time_seconds", "Until a prompt was begun.", s.queueTime());
        histogram(
                out, "time_to_first_token_seconds", "Until the first token.", s.timeToFirstToken());
        histogram(out, "token_latency_seconds", "Between tokens.", s.tokenLatency());
        return out.toString();
    }

    private void gauge(StringBuilder out, String metric, String help, long value) {
        head(out, metric, help, "gauge");
        sample(out, metric, "", Long.toString(value));
    }

    private void counter(StringBuilder out, String metric, String help, long value) {
        head(out, metric, help, "counter");
        sample(out, metric, "", Long.toString(value));
    }

    private void labelled(
            StringBuilder out, String metric, String help, String label, Map<String, Long> values) {
        head(out, metric, help, "counter");
        values.forEach((key, n) ->
                sample(out, metric, "," + label + "=\"" + key + "\"", Long.toString(n)));
    }

    private void histogram(
            StringBuilder out, String metric, String help, EngineStats.Latency latency) {
        head(out, metric, help, "histogram");
        for (int i = 0; i < latency.upTo().size(); i++) {
            String bound =
                    i < latency.bounds().size() ? latency.bounds().get(i).toString() : "+Inf";
            String label = ",le=\"" + bound + "\"";
            sample(out, metric + "_bucket", label, latency.upTo().get(i).toString());
        }
        sample(out, metric + "_sum", "", Double.toString(latency.seconds()));
        sample(out, metric + "_count", "", Long.toString(latency.count()));
    }

    private static void head(StringBuilder out, String metric, String help, String type) {
        out.append("# HELP chagres_").append(metric).append(' ').append(help).append('\n');
        out.append("# TYPE chagres_").append(metric).append(' ').append(type).append('\n');
    }

    private void sample(StringBuilder out, String metric, String labels, String value) {
        out.append("chagres_").append(metric).append("{model=\"").append(name).append('"');
        out.append(labels).append("} ").append(value).append('\n');
    }
}
