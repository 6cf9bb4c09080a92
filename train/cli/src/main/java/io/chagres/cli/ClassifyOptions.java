package io.chagres.cli;

import io.chagres.train.eval.classify.PromptTemplate;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;

/// The options for classification.
final class ClassifyOptions {
    @Option(
            names = "--classify",
            description = {
                "Classify the texts of --data, a .csv, .tsv or .jsonl file: of the labels the one"
                        + " that the model finds most probable after the prompt. Prints accuracy,"
                        + " F1 and the confusion matrix; with --training-data also those of two"
                        + " baselines, the most frequent class and logistic regression on words."
            })
    private boolean wanted;

    @Option(
            names = "--template",
            paramLabel = "TEXT",
            defaultValue = "{text}\\nLabel: {label}",
            description = {
                "The prompt, with {text} in it and {label} at its end; \\n is a new line. Default:"
                        + " '{text}\\nLabel: {label}'."
            })
    private String template;

    @Option(
            names = "--labels",
            split = ",",
            paramLabel = "LABEL",
            description =
                    "The labels, separated by commas; spam=junk puts junk to the model where the"
                            + " data has spam. Default: those in the data.")
    private List<String> labels = List.of();

    @Option(
            names = "--text-field",
            paramLabel = "NAME",
            defaultValue = "text",
            description =
                    "Where the text is; a number is a column of a file without headings. Default:"
                            + " ${DEFAULT-VALUE}.")
    private String textField;

    @Option(
            names = "--label-field",
            paramLabel = "NAME",
            defaultValue = "label",
            description = "Where the label is. Default: ${DEFAULT-VALUE}.")
    private String labelField;

    @Option(
            names = "--per-token",
            description = "Compare labels by their mean log-probability per token.")
    private boolean perToken;

    void check(CommandSpec spec) {
        try {
            var _ = template();
        } catch (IllegalArgumentException e) {
            Options.check(spec, false, "--template", String.valueOf(e.getMessage()));
        }
    }

    boolean wanted() {
        return wanted;
    }

    PromptTemplate template() {
        return PromptTemplate.of(template.replace("\\n", "\n").replace("\\t", "\t"));
    }

    List<String> labels() {
        return labels;
    }

    String textField() {
        return textField;
    }

    String labelField() {
        return labelField;
    }

    boolean perToken() {
        return perToken;
    }
}
