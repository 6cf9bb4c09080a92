package io.chagres.cli;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// The recipe of a quick start's model.
///
/// @param seed decides initial weights and the order of the text
/// @param device as `--device` takes it
/// @param threads 0 for one per processor
record QuickRecipe(long seed, String device, int threads) {
    private static final long WARMUP_STEPS = 100;

    /// The keys of what is common to all trainings of a quick start.
    ///
    /// @param total steps in all
    Map<String, String> training(Path folder, long total) {
        Map<String, String> keys = new LinkedHashMap<>();
        keys.put("train.steps", Long.toString(total));
        keys.put("train.batch_size", "8");
        keys.put("train.learning_rate", "3e-3");
        keys.put("train.min_learning_rate_ratio", "0");
        keys.put("train.warmup_steps", Long.toString(Math.min(WARMUP_STEPS, total / 5)));
        keys.put("train.eval_every", "250");
        keys.put("train.eval_batches", "20");
        keys.put("train.keep_best", "false");
        keys.put("train.sample_every", "0");
        keys.put("train.save_every", "0");
        keys.put("train.seed", Long.toString(seed));
        keys.put("data.seed", Long.toString(seed));
        keys.put("device", device);
        keys.put("train.threads", Integer.toString(threads));
        keys.put("output", folder.toString());
        return keys;
    }

    /// The keys of the training of a new model.
    ///
    /// @param prompt what it goes on from now and then
    Map<String, String> model(Path folder, long total, String prompt) {
        Map<String, String> keys = training(folder, total);
        keys.put("model.preset", "tiny");
        keys.put("model.num_hidden_layers", "3");
        keys.put("train.sample_every", "250");
        keys.put("train.sample_prompts", List.of("\"" + prompt + "\"").toString());
        return keys;
    }
}
