package io.chagres.train.eval.classify;

/// How a text to classify is put to a language model: `{text}` stands for the text, and `{label}`,
/// which must come last, for the label that the model is asked about.
///
/// @param before the template up to the label
public record PromptTemplate(String before) {
    private static final String TEXT = "{text}";
    private static final String LABEL = "{label}";

    /// Reads a template.
    ///
    /// @throws IllegalArgumentException unless it has `{text}`, and `{label}` once, at the end
    public static PromptTemplate of(String template) {
        int label = template.indexOf(LABEL);
        if (!template.contains(TEXT) || label < 0 || label != template.length() - LABEL.length()) {
            throw new IllegalArgumentException(
                    "a template has {text} somewhere and {label} at its end, as in '{text} ="
                            + " {label}'; this one is '"
                            + template
                            + "'");
        }
        return new PromptTemplate(template.substring(0, label));
    }

    /// The prompt for a text, up to the label.
    public String prompt(String text) {
        return before.replace(TEXT, text);
    }

    /// The text with its label, as a model would be trained on.
    public String filled(String text, String label) {
        return prompt(text) + label;
    }
}
