package io.chagres.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.chagres.tensor.io.Json;
import io.chagres.tensor.io.JsonNode;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// Runs commands in this process.
///
/// @param code the exit code
/// @param out what was written to standard output
/// @param err what was written to standard error
record Cli(int code, String out, String err) {
    /// Arguments of a training run that takes a second: tiny model, few steps.
    static final List<String> TINY =
            List.of(
                    "--model.preset=micro",
                    "--tokenizer.train.vocab_size=300",
                    "--data.sequence_length=32",
                    "--data.held_out=0.2",
                    "--train.batch_size=2",
                    "--train.eval_every=3",
                    "--train.eval_batches=2",
                    "--train.sample_every=4",
                    "--train.threads=1");

    static Cli run(String... args) {
        var out = new StringWriter();
        var err = new StringWriter();
        int code = Main.run(new PrintWriter(out), new PrintWriter(err), args);
        return new Cli(code, out.toString(), err.toString());
    }

    /// Runs a command that must succeed.
    static Cli ok(String... args) {
        Cli cli = run(args);
        assertThat(cli.code).as(cli.err + cli.out).isZero();
        return cli;
    }

    /// A training run of [#TINY].
    static Cli train(Path text, Path output, String... more) {
        List<String> args = new ArrayList<>(List.of("train"));
        args.addAll(TINY);
        args.add("--data.sources=" + text);
        args.add("--output=" + output);
        args.addAll(List.of(more));
        return run(args.toArray(String[]::new));
    }

    /// A folder of texts to train on.
    static Path texts(Path folder) throws IOException {
        Path texts = Files.createDirectories(folder.resolve("texts"));
        for (int i = 0; i < 20; i++) {
            String text = ("Document " + i + " says: " + "the river runs to the sea. ").repeat(8);
            Files.writeString(texts.resolve("text-%02d.txt".formatted(i)), text);
        }
        return texts;
    }

    /// The one JSON object that was printed.
    JsonNode json() {
        assertThat(out.lines()).hasSize(1);
        return Json.parse(out, "the output");
    }
}
