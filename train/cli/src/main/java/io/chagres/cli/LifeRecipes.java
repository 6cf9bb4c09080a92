package io.chagres.cli;

import io.chagres.tensor.io.Json;
import io.chagres.train.data.Source;
import io.chagres.train.recipe.ModelRecipe.NewModel;
import io.chagres.train.recipe.Recipe;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/// The recipes of the trainings in a life. All hold out the same text.
///
/// @param settings what the life depends on
record LifeRecipes(LifeSettings settings) {
    /// The name of the general text in evaluations.
    static final String GENERAL = "general";

    /// The name of the domain's text in evaluations.
    static final String DOMAIN = "domain";

    private static final String HELD_OUT = "0.05";
    private static final double SHARE_OF_GENERAL = 3;
    private static final String PROMPT = "oak tree (noun):";

    /// The general text.
    Source general() {
        return new Source(settings.general(), SHARE_OF_GENERAL, GENERAL);
    }

    /// The domain's text.
    Source domain() {
        return new Source(settings.domain(), 1, DOMAIN);
    }

    /// Both texts, of which the general one is three quarters of what is read.
    List<Source> both() {
        return List.of(general(), domain());
    }

    /// The first training.
    ///
    /// @param steps in all
    Recipe base(String stage, long steps) {
        Map<String, String> keys = quick().model(settings.folder(stage), steps, PROMPT);
        keys.put("model.preset", settings.preset());
        return recipe(keys, List.of(general()));
    }

    /// Low-rank adapters for the domain.
    Recipe adapter(String stage, Path model, long steps) {
        Map<String, String> keys = training(stage, steps, 1e-2);
        keys.put("model.from", model.toString());
        keys.put("finetune.method", "lora");
        return recipe(keys, List.of(domain()));
    }

    /// A new model of three eighths of the width, about a quarter of the size, that learns from a
    /// teacher.
    Recipe student(String stage, Path teacher, long steps) {
        Map<String, String> keys = training(stage, steps, 5e-3);
        if (base("", 1).model() instanceof NewModel m) {
            int even = 2 * m.numAttentionHeads();
            int hidden = Math.max(even, m.hiddenSize() * 3 / 8 / even * even);
            keys.put("model.architecture", TrainingView.name(m.architecture()));
            keys.put("model.hidden_size", Integer.toString(hidden));
            keys.put("model.num_hidden_layers", Integer.toString(m.numHiddenLayers()));
            keys.put("model.num_attention_heads", Integer.toString(m.numAttentionHeads()));
            keys.put("model.max_position_embeddings", Integer.toString(m.maxPositionEmbeddings()));
        }
        keys.put("distillation.teacher", teacher.toString());
        return recipe(keys, both());
    }

    /// Some more training of a model.
    Recipe recovery(String stage, Path model, long steps) {
        return recipe(recoveryKeys(stage, model, steps), both());
    }

    /// Some more training, in whose first half weights become 0.
    ///
    /// @param sparsity the part of the weights
    Recipe pruning(String stage, Path model, long steps, double sparsity) {
        Map<String, String> keys = recoveryKeys(stage, model, steps);
        keys.put("pruning.sparsity", Double.toString(sparsity));
        return recipe(keys, both());
    }

    private Map<String, String> recoveryKeys(String stage, Path model, long steps) {
        Map<String, String> keys = training(stage, steps, 2e-3);
        keys.put("model.from", model.toString());
        keys.put("finetune.method", "full");
        return keys;
    }

    private Map<String, String> training(String stage, long steps, double learningRate) {
        Map<String, String> keys = quick().training(settings.folder(stage), steps);
        keys.put("train.learning_rate", Double.toString(learningRate));
        keys.put("data.sequence_length", Integer.toString(sequenceLength()));
        return keys;
    }

    private QuickRecipe quick() {
        return new QuickRecipe(settings.seed(), settings.device(), settings.threads());
    }

    /// Tokens in a sequence of all trainings.
    int sequenceLength() {
        return base("", 1).data().sequenceLength();
    }

    /// The part of the texts that nothing is trained on.
    double heldOut() {
        return base("", 1).data().heldOut();
    }

    private static Recipe recipe(Map<String, String> keys, List<Source> sources) {
        keys.put("data.held_out", HELD_OUT);
        keys.put(
                "data.sources",
                Json.line(
                        sources.stream()
                                .map(s ->
                                        Map.of(
                                                "path",
                                                s.path(),
                                                "weight",
                                                s.weight(),
                                                "domain",
                                                s.domain()))
                                .toList()));
        return Recipe.of(keys);
    }
}
