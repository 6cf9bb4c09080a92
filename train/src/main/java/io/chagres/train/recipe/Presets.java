package io.chagres.train.recipe;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Named sets of defaults for a recipe: values that a preset gives to keys, in the form of flags.
final class Presets {
    private static final Map<String, Map<String, String>> ALL = new LinkedHashMap<>();

    static {
        // Seconds of training: for tests and first tries.
        preset("micro", "llama", 32, 2, 2, 64, "512", "64", "3e-3");
        // Minutes on two cores; the quick start trains a flatter one.
        preset("tiny", "llama", 128, 4, 4, 256, "4096", "128", "2e-3");
        // The configuration that is timed against other libraries.
        preset("gpt-12m", "gpt2", 384, 6, 6, 256, "4096", "256", "6e-4");
        // Twelve layers, about the size of GPT-2.
        preset("small-12", "llama", 768, 12, 12, 1024, "16384", "512", "6e-4");
        // Twenty-four layers, about the size of GPT-2 medium.
        preset("medium-24", "llama", 1024, 24, 16, 1024, "32768", "1024", "3e-4");
    }

    private Presets() {}

    private static void preset(
            String name,
            String architecture,
            int hiddenSize,
            int layers,
            int heads,
            int positions,
            String tokens,
            String sequenceLength,
            String learningRate) {
        ALL.put(
                name,
                Map.of(
                        "model.architecture",
                        architecture,
                        "model.hidden_size",
                        String.valueOf(hiddenSize),
                        "model.num_hidden_layers",
                        String.valueOf(layers),
                        "model.num_attention_heads",
                        String.valueOf(heads),
                        "model.max_position_embeddings",
                        String.valueOf(positions),
                        "tokenizer.train.vocab_size",
                        tokens,
                        "data.sequence_length",
                        sequenceLength,
                        "train.learning_rate",
                        learningRate));
    }

    /// The names of all presets.
    static List<String> names() {
        return List.copyOf(ALL.keySet());
    }

    /// The values of a preset by the keys' paths.
    static Map<String, String> values(String name) {
        return ALL.getOrDefault(name, Map.of());
    }
}
