package io.chagres.cli;

import io.chagres.nn.hf.HfCheckpoint;
import io.chagres.nn.hf.config.GenerationConfig;
import io.chagres.nn.text.BpeTrainer;
import io.chagres.nn.text.Tokenizer;
import io.chagres.nn.transformer.Transformer;
import io.chagres.nn.transformer.TransformerBuilder;
import io.chagres.nn.transformer.TransformerConfig;
import io.chagres.nn.transformer.TransformerConfigBuilder;
import io.chagres.tensor.backend.Backend;
import io.chagres.tensor.backend.Backends;
import io.chagres.tensor.memory.TensorArena;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/// Does what commands do at their start with a very small model: the launcher lets Java watch it,
/// to make the cache with which later commands start sooner.
@Command(name = "rehearse", hidden = true, description = "Prepares a faster start.")
final class RehearseCommand implements Callable<Integer> {
    private static final int VOCABULARY = 300;
    private static final int TOKENS = 32;
    private static final String TEXT = "The river runs to the sea, and ships go up the river. ";

    @Spec private CommandSpec spec;

    @Override
    public Integer call() throws IOException {
        Path folder = Files.createTempDirectory("chagres-rehearsal");
        try {
            write(folder);
            String most = Integer.toString(TOKENS);
            CommandLine here = spec.commandLine();
            return Main.run(
                    here.getOut(), here.getErr(), "generate", folder.toString(), TEXT, "-n", most);
        } finally {
            try (Stream<Path> files = Files.list(folder)) {
                for (Path file : files.toList()) {
                    Files.delete(file);
                }
            }
            Files.delete(folder);
        }
    }

    private static void write(Path folder) throws IOException {
        Tokenizer tokenizer = BpeTrainer.create(VOCABULARY).train(List.of(TEXT.repeat(9)));
        tokenizer.save(folder);
        TransformerConfig config =
                TransformerConfigBuilder.llama()
                        .vocabSize(tokenizer.vocabSize())
                        .hiddenSize(128)
                        .numLayers(2)
                        .numHeads(4)
                        .numKvHeads(2)
                        .intermediateSize(256)
                        .maxPositionEmbeddings(512)
                        .build();
        try (Backend backend = Backends.open("cpu", 0);
                TensorArena weights = backend.arena("weights")) {
            Transformer model = TransformerBuilder.create(config, weights, 1);
            HfCheckpoint.save(model, GenerationConfig.ofTokens(null, List.of(), null), folder);
        }
    }
}
