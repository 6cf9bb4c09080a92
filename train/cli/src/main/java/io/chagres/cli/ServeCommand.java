package io.chagres.cli;

import io.chagres.cli.server.ModelServer;
import io.chagres.cli.server.ServerOptions;
import io.chagres.nn.generate.LanguageModel;
import io.chagres.nn.text.chat.ChatTemplate;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// Serves a model over HTTP.
@Command(
        name = "serve",
        mixinStandardHelpOptions = true,
        description = {
            "Serves the model of a Hugging Face folder with OpenAI's interface.",
            "",
            "There are /v1/models, /v1/completions and /v1/chat/completions, with events"
                    + " (stream), besides /health and /metrics (Prometheus). Requests are answered"
                    + " together. Ctrl-C lets those under way end."
        })
final class ServeCommand implements Callable<Integer> {
    private static final String KEY_VARIABLE = "CHAGRES_API_KEY";
    private static final int MIB = 1 << 20;
    private static final int MOST_PORT = 65_535;

    @Spec private CommandSpec spec;

    @Parameters(index = "0", paramLabel = "MODEL", description = "Folder of the checkpoint.")
    private Path model;

    @Option(
            names = "--host",
            paramLabel = "ADDRESS",
            description = "Address to listen on; 0.0.0.0 for all. Default: ${DEFAULT-VALUE}.",
            defaultValue = "127.0.0.1")
    private String host;

    @Option(
            names = "--port",
            paramLabel = "N",
            description = "Port; 0 for any that is free. Default: ${DEFAULT-VALUE}.",
            defaultValue = "8080")
    private int port;

    @Option(
            names = "--api-key",
            paramLabel = "KEY",
            description =
                    "What clients must show (Authorization: Bearer KEY). Default: the environment's "
                            + KEY_VARIABLE
                            + ", else nothing.")
    private @Nullable String apiKey;

    @Option(
            names = "--name",
            paramLabel = "NAME",
            description = "The model's name for clients. Default: the folder's.")
    private @Nullable String name;

    @Mixin private ThreadsOption threads;

    @Option(
            names = "--kv-tokens",
            paramLabel = "N",
            description =
                    "Room in the KV cache, for all requests together. Default: ${DEFAULT-VALUE}.",
            defaultValue = "8192")
    private int kvTokens;

    @Option(
            names = "--memory",
            paramLabel = "MIB",
            description = "Most MiB for activations and the KV cache; 0 for no limit.",
            defaultValue = "0")
    private long memory;

    @Option(
            names = "--parallel",
            paramLabel = "N",
            description = "Most requests answered at once. Default: ${DEFAULT-VALUE}.",
            defaultValue = "64")
    private int parallel;

    @Option(
            names = "--queue",
            paramLabel = "N",
            description =
                    "Most requests that wait; more are refused (429). Default: ${DEFAULT-VALUE}.",
            defaultValue = "256")
    private int queue;

    @Option(
            names = "--timeout",
            paramLabel = "SECONDS",
            description = "Most seconds for a request. Default: ${DEFAULT-VALUE}.",
            defaultValue = "600")
    private int timeout;

    @Option(
            names = "--grace",
            paramLabel = "SECONDS",
            description =
                    "Seconds for requests under way when it is stopped. Default: ${DEFAULT-VALUE}.",
            defaultValue = "30")
    private int grace;

    @Option(
            names = "--max-body",
            paramLabel = "MIB",
            description = "Most MiB of a request's body. Default: ${DEFAULT-VALUE}.",
            defaultValue = "4")
    private int maxBody;

    @Option(
            names = "--draft",
            description =
                    "Let the model's module of multi-token prediction guess tokens, which the model"
                            + " checks two at a time. The answers are the same.")
    private boolean draft;

    @Mixin private DeviceOption device;

    @Mixin private DtypeOption dtype;

    @Mixin private AdapterOption adapter;

    @Override
    public Integer call() throws IOException {
        checkOptions();
        PrintWriter out = spec.commandLine().getOut();
        ChatTemplate template = adapter.findTemplate(model).orElse(null);
        var load =
                new LanguageModel.Options(
                        device.choose(),
                        threads.count(),
                        kvTokens,
                        memory == 0 ? Long.MAX_VALUE : memory * MIB,
                        parallel,
                        queue,
                        dtype.compute(),
                        draft,
                        adapter.folder());
        var stopped = new CountDownLatch(1);
        try (LanguageModel loaded = LanguageModel.load(model, load);
                var server =
                        new ModelServer(loaded, template, host, port, maxBody * MIB, options());
                var _ = new StopHook(() -> stop(stopped))) {
            var address = server.address();
            out.println("Serving " + model + " at http://" + host + ":" + address.getPort());
            if (template == null) {
                out.println("It has no chat template: only /v1/completions works.");
            }
            out.flush();
            stopped.await();
            out.println("Stopping ...");
            out.flush();
            server.drain(Duration.ofSeconds(grace));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return 0;
    }

    private static boolean stop(CountDownLatch stopped) {
        stopped.countDown();
        return true;
    }

    private ServerOptions options() {
        String key = apiKey != null ? apiKey : System.getenv(KEY_VARIABLE);
        Path last = model.toAbsolutePath().normalize().getFileName();
        String called = name != null ? name : last == null ? "model" : last.toString();
        return new ServerOptions(called, key == null ? "" : key, Duration.ofSeconds(timeout));
    }

    private void checkOptions() {
        Options.atLeast(spec, "--kv-tokens", kvTokens, 1);
        Options.atLeast(spec, "--memory", memory, 0);
        Options.atLeast(spec, "--parallel", parallel, 1);
        Options.atLeast(spec, "--queue", queue, 1);
        Options.atLeast(spec, "--timeout", timeout, 1);
        Options.atLeast(spec, "--grace", grace, 0);
        Options.check(
                spec, port >= 0 && port <= MOST_PORT, "--port", "must be from 0 to " + MOST_PORT);
        Options.check(spec, maxBody > 0 && maxBody < 1024, "--max-body", "must be from 1 to 1023");
    }
}
