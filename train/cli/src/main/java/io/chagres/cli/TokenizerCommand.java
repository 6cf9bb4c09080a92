package io.chagres.cli;

import io.chagres.nn.text.BpeTrainer;
import io.chagres.nn.text.Tokenizer;
import io.chagres.nn.text.WordPieceTrainer;
import io.chagres.tensor.io.Json;
import io.chagres.train.data.Corpus;
import io.chagres.train.data.Source;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// Trains and applies tokenizers.
@Command(
        name = "tokenizer",
        mixinStandardHelpOptions = true,
        description = "Trains a tokenizer, or encodes and decodes with one.",
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {
            TokenizerCommand.Train.class,
            TokenizerCommand.Encode.class,
            TokenizerCommand.Decode.class
        })
final class TokenizerCommand implements Callable<Integer> {
    @Spec private CommandSpec spec;

    @Override
    public Integer call() {
        throw new CommandLine.ParameterException(
                spec.commandLine(), "tokenizer needs a command: train, encode or decode");
    }

    /// Trains byte-level BPE, or WordPiece.
    @Command(
            name = "train",
            mixinStandardHelpOptions = true,
            description = {
                "Trains a tokenizer: byte-level BPE, as GPT-2 has it, or WordPiece, as BERT has it.",
                "",
                "Writes tokenizer.json, as Hugging Face's programs read it. Sources are files,"
                        + " folders, .jsonl files with a `text` field, or `wordnet`; of more than"
                        + " 32 million characters the first of each source are taken."
            })
    static final class Train implements Callable<Integer> {
        /// What a text's words are cut into.
        enum Model {
            /// Byte-level byte-pair encoding.
            bpe,
            /// WordPiece over lower-case words.
            wordpiece
        }

        private static final String END_OF_TEXT = "<|endoftext|>";
        private static final int LEAST_VOCAB_SIZE = 257;
        private static final long MOST_CHARS = 32_000_000;

        @Spec private CommandSpec spec;

        @Parameters(paramLabel = "SOURCE", arity = "1..*", description = "Texts to learn from.")
        private List<String> sources = List.of();

        @Option(
                names = {"-o", "--output"},
                paramLabel = "FOLDER",
                required = true,
                description = "Folder to write tokenizer.json and tokenizer_config.json into.")
        private Path output;

        @Option(
                names = "--model",
                paramLabel = "MODEL",
                defaultValue = "bpe",
                description = "${COMPLETION-CANDIDATES}. Default: ${DEFAULT-VALUE}.")
        private Model model = Model.bpe;

        @Option(
                names = "--vocab-size",
                paramLabel = "N",
                defaultValue = "8192",
                description = "Number of tokens. Default: ${DEFAULT-VALUE}.")
        private int vocabSize;

        @Option(
                names = "--min-frequency",
                paramLabel = "N",
                defaultValue = "2",
                description = "Least count of a pair to be merged. Default: ${DEFAULT-VALUE}.")
        private long minFrequency;

        @Mixin private JsonOption json;

        @Override
        public Integer call() throws IOException {
            int least = model == Model.bpe ? LEAST_VOCAB_SIZE : 1;
            Options.atLeast(spec, "--vocab-size", vocabSize, least);
            Options.atLeast(spec, "--min-frequency", minFrequency, 1);
            Corpus corpus = Corpus.open(sources.stream().map(Source::of).toList());
            List<String> texts = corpus.sample(MOST_CHARS);
            long start = System.nanoTime();
            Tokenizer tokenizer =
                    switch (model) {
                        case bpe -> bpe(texts);
                        case wordpiece ->
                                WordPieceTrainer.create(vocabSize)
                                        .minFrequency(minFrequency)
                                        .train(texts);
                    };
            double seconds = (System.nanoTime() - start) * 1e-9;
            Files.createDirectories(output);
            tokenizer.save(output);
            long chars = texts.stream().mapToLong(String::length).sum();
            PrintWriter out = spec.commandLine().getOut();
            if (json.wanted()) {
                Map<String, Object> facts = new LinkedHashMap<>();
                facts.put("vocab_size", tokenizer.vocabSize());
                facts.put("documents", texts.size());
                facts.put("characters", chars);
                facts.put("seconds", seconds);
                out.println(Json.line(facts));
            } else {
                out.println(
                        Figures.format(
                                "%,d tokens from %,d documents of %,d characters in %.1f s,"
                                        + " written to %s",
                                tokenizer.vocabSize(), texts.size(), chars, seconds, output));
            }
            out.flush();
            return 0;
        }

        // As `train` does: a text begins with what ends the one before.
        private Tokenizer bpe(List<String> texts) {
            return BpeTrainer.create(vocabSize)
                    .minFrequency(minFrequency)
                    .bosToken(END_OF_TEXT)
                    .eosToken(END_OF_TEXT)
                    .prependBos(true)
                    .train(texts);
        }
    }

    /// Text to ids.
    @Command(
            name = "encode",
            mixinStandardHelpOptions = true,
            description = "Turns text into token ids.")
    static final class Encode implements Callable<Integer> {
        @Spec private CommandSpec spec;

        @Parameters(
                index = "0",
                paramLabel = "TOKENIZER",
                description = "Folder or tokenizer.json.")
        private Path tokenizer;

        @Parameters(
                index = "1",
                arity = "0..1",
                paramLabel = "TEXT",
                description = "The text; standard input when absent.")
        private @Nullable String text;

        @Option(names = "--no-special", description = "Do not add special tokens.")
        private boolean noSpecial;

        @Mixin private JsonOption json;

        @Override
        public Integer call() throws IOException {
            Tokenizer loaded = Tokenizer.load(tokenizer);
            int[] ids = loaded.encode(textOr(text), !noSpecial);
            PrintWriter out = spec.commandLine().getOut();
            if (json.wanted()) {
                List<Object> tokens = new ArrayList<>();
                for (int id : ids) {
                    tokens.add(loaded.idToToken(id));
                }
                Map<String, Object> encoded = new LinkedHashMap<>();
                encoded.put("ids", Arrays.stream(ids).boxed().toList());
                encoded.put("tokens", tokens);
                out.println(Json.line(encoded));
            } else {
                out.println(
                        Arrays.stream(ids)
                                .mapToObj(Integer::toString)
                                .collect(Collectors.joining(" ")));
            }
            out.flush();
            return 0;
        }
    }

    /// Ids to text.
    @Command(
            name = "decode",
            mixinStandardHelpOptions = true,
            description = "Turns token ids into text.")
    static final class Decode implements Callable<Integer> {
        @Spec private CommandSpec spec;

        @Parameters(
                index = "0",
                paramLabel = "TOKENIZER",
                description = "Folder or tokenizer.json.")
        private Path tokenizer;

        @Parameters(
                index = "1..*",
                arity = "0..*",
                paramLabel = "ID",
                description = "The ids; standard input when absent.")
        private List<String> ids = List.of();

        @Option(names = "--skip-special", description = "Leave special tokens out.")
        private boolean skipSpecial;

        @Mixin private JsonOption json;

        @Override
        public Integer call() throws IOException {
            Tokenizer loaded = Tokenizer.load(tokenizer);
            String given = ids.isEmpty() ? textOr(null) : String.join(" ", ids);
            int[] numbers =
                    Arrays.stream(given.strip().split("[\\s,]+"))
                            .filter(s -> !s.isEmpty())
                            .mapToInt(s -> parse(s, loaded.vocabSize()))
                            .toArray();
            String text = loaded.decode(numbers, skipSpecial);
            PrintWriter out = spec.commandLine().getOut();
            out.println(json.wanted() ? Json.line(Map.of("text", text)) : text);
            out.flush();
            return 0;
        }

        private static int parse(String id, int vocabSize) {
            try {
                int n = Integer.parseInt(id);
                if (n >= 0 && n < vocabSize) {
                    return n;
                }
            } catch (NumberFormatException e) {
                throw new IllegalArgumentException("'" + id + "' is not a token id", e);
            }
            throw new IllegalArgumentException(
                    "there is no token " + id + "; ids go from 0 to " + (vocabSize - 1));
        }
    }

    private static String textOr(@Nullable String given) throws IOException {
        return given != null ? given : new String(System.in.readAllBytes(), StandardCharsets.UTF_8);
    }
}
