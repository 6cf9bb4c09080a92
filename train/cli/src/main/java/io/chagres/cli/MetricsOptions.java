package io.chagres.cli;

import io.chagres.train.eval.text.BleuTokenizer;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;

/// The options for scores of generated text.
final class MetricsOptions {
    private static final List<String> KNOWN = List.of("bleu", "chrf", "rouge", "exact");

    @Option(
            names = "--metrics",
            split = ",",
            paramLabel = "NAME",
            description = {
                "Score texts against references: bleu, chrf, rouge and exact, separated by commas."
                        + " The .jsonl, .csv or .tsv file of --data has the references, and either"
                        + " prompts that MODEL answers or, without MODEL, predictions."
            })
    private List<String> names = List.of();

    @Option(
            names = "--reference-field",
            paramLabel = "NAME",
            defaultValue = "reference",
            description = "Where the reference is, or a list of them. Default: ${DEFAULT-VALUE}.")
    private String references;

    @Option(
            names = "--prediction-field",
            paramLabel = "NAME",
            defaultValue = "prediction",
            description = "Where the prediction is. Default: ${DEFAULT-VALUE}.")
    private String predictions;

    @Option(
            names = "--prompt-field",
            paramLabel = "NAME",
            defaultValue = "prompt",
            description = "Where the prompt is. Default: ${DEFAULT-VALUE}.")
    private String prompts;

    @Option(
            names = "--max-new-tokens",
            paramLabel = "N",
            defaultValue = "64",
            description = "Most tokens to generate for each. Default: ${DEFAULT-VALUE}.")
    private int maxNewTokens;

    @Option(
            names = "--stop",
            paramLabel = "TEXT",
            description = "Ends an answer, and is not part of it; \\n is a new line.")
    private List<String> stop = List.of();

    @Option(
            names = "--tokenize",
            paramLabel = "NAME",
            defaultValue = "13a",
            description = "Words of BLEU: 13a, zh, char or none. Default: ${DEFAULT-VALUE}.")
    private String tokenize;

    @Option(names = "--stem", description = "Compare stems of words in ROUGE.")
    private boolean stem;

    void check(CommandSpec spec) {
        for (String name : names) {
            Options.check(
                    spec, KNOWN.contains(name), "--metrics", "'" + name + "' is none of " + KNOWN);
        }
        Options.atLeast(spec, "--max-new-tokens", maxNewTokens, 1);
        boolean known = List.of("13a", "zh", "char", "none").contains(tokenize);
        Options.check(spec, known, "--tokenize", "must be 13a, zh, char or none");
    }

    boolean wanted() {
        return !names.isEmpty();
    }

    boolean has(String name) {
        return names.contains(name);
    }

    String references() {
        return references;
    }

    String predictions() {
        return predictions;
    }

    String prompts() {
        return prompts;
    }

    int maxNewTokens() {
        return maxNewTokens;
    }

    List<String> stop() {
        List<String> texts = new ArrayList<>(stop);
        texts.replaceAll(text -> text.replace("\\n", "\n"));
        return texts;
    }

    BleuTokenizer tokenizer() {
        return BleuTokenizer.of(tokenize);
    }

    boolean stem() {
        return stem;
    }
}
