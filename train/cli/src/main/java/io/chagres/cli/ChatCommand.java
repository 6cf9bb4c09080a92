package io.chagres.cli;

import io.chagres.nn.generate.GenerationStream;
import io.chagres.nn.generate.LanguageModel;
import io.chagres.nn.text.chat.ChatTemplate;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import org.jline.utils.Signals;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// Talks with a model.
@Command(
        name = "chat",
        mixinStandardHelpOptions = true,
        description = {
            "Talks with the model of a Hugging Face folder, by the chat template in it.",
            "",
            "Reads a message per line; /help lists what else a line may be. Ctrl-C stops an answer,"
                    + " Ctrl-D ends the chat."
        })
final class ChatCommand implements Callable<Integer> {
    @Spec private CommandSpec spec;

    @Parameters(index = "0", paramLabel = "MODEL", description = "Folder of the checkpoint.")
    private Path model;

    @Option(
            names = "--system",
            paramLabel = "TEXT",
            description = "What the model is told about its task.")
    private @Nullable String system;

    @Option(
            names = {"-n", "--max-new-tokens"},
            paramLabel = "N",
            description = "Most tokens of an answer. Default: as many as there is room for.")
    private @Nullable Integer maxNewTokens;

    @Mixin private SamplingMixin sampling;

    @Mixin private DeviceOption device;

    @Mixin private DtypeOption dtype;

    @Mixin private AdapterOption adapter;

    @Mixin private ThreadsOption threads;

    @Override
    public Integer call() throws IOException {
        Integer most = maxNewTokens;
        Options.atLeast(spec, "--max-new-tokens", most == null ? 1 : most, 1);
        sampling.check(spec);
        PrintWriter out = spec.commandLine().getOut();
        ChatTemplate template = adapter.template(model);
        var load =
                new LanguageModel.Options(device.choose(), threads.count(), 0, Long.MAX_VALUE)
                        .withCompute(dtype.compute())
                        .withAdapter(adapter.folder());
        try (LanguageModel loaded = LanguageModel.load(model, load)) {
            var defaults = sampling.over(loaded.defaults(Integer.MAX_VALUE));
            var options = most == null ? defaults : defaults.withMaxNewTokens(most);
            var chat = new Chat(loaded, template, options, system, out, ChatCommand::interruptible);
            boolean terminal = Screen.onTerminal();
            BufferedReader in = new BufferedReader(new InputStreamReader(System.in, charset()));
            if (terminal) {
                out.println("Chat with " + model + "; /help lists commands.");
            }
            while (true) {
                if (terminal) {
                    out.print("> ");
                    out.flush();
                }
                String line = in.readLine();
                if (line == null || !chat.handle(line)) {
                    return 0;
                }
            }
        }
    }

    private static Charset charset() {
        String name = System.getProperty("stdin.encoding");
        return name == null ? StandardCharsets.UTF_8 : Charset.forName(name);
    }

    /// Lets Ctrl-C stop an answer while it is shown.
    private static void interruptible(GenerationStream stream, Consumer<GenerationStream> show) {
        Object before = Signals.register("INT", stream::cancel);
        try {
            show.accept(stream);
        } finally {
            Signals.unregister("INT", before);
        }
    }
}
