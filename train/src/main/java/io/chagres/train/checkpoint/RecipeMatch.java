package io.chagres.train.checkpoint;

import io.chagres.train.data.Source;
import io.chagres.train.recipe.ModelRecipe.ContinuedModel;
import io.chagres.train.recipe.ModelRecipe.NewModel;
import io.chagres.train.recipe.Recipe;
import io.chagres.train.recipe.TokenizerRecipe.TrainedTokenizer;
import io.chagres.train.recipe.TrainRecipe;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// Compares a recipe with the one a checkpoint was trained by.
///
/// What decides the model, the tokenizer or the order of the data must be the same. What else
/// decides the outcome (learning rate, decay, clipping, dropout, precision) may change, which is
/// worth a warning. The rest (when to evaluate, save, sample, stop) may change freely, and
/// `train.steps` may grow. Texts and tokenizer files are not compared here but by the keys of their
/// contents.
public final class RecipeMatch {
    private record Key(String path, Function<Recipe, @Nullable Object> value) {}

    private static final List<Key> FIXED =
            List.of(
                    new Key("model.from", RecipeMatch::from),
                    ofModel("model.architecture", NewModel::architecture),
                    ofModel("model.hidden_size", NewModel::hiddenSize),
                    ofModel("model.num_hidden_layers", NewModel::numHiddenLayers),
                    ofModel("model.num_attention_heads", NewModel::numAttentionHeads),
                    ofModel("model.num_key_value_heads", NewModel::numKeyValueHeads),
                    ofModel("model.intermediate_size", NewModel::intermediateSize),
                    ofModel("model.vocab_size", NewModel::vocabSize),
                    ofModel("model.max_position_embeddings", NewModel::maxPositionEmbeddings),
                    ofModel("model.rope_theta", NewModel::ropeTheta),
                    ofModel("model (deepseek_v3)", NewModel::deepSeek),
                    ofModel("model.tie_word_embeddings", NewModel::tieWordEmbeddings),
                    new Key("data.sources", r -> mixture(r.data().sources())),
                    new Key("data.held_out", r -> r.data().heldOut()),
                    new Key("data.sequence_length", r -> r.data().sequenceLength()),
                    new Key("data.seed", r -> r.data().seed()),
                    new Key("data.format", r -> r.data().examples()),
                    new Key("finetune", Recipe::finetune),
                    new Key("finetune.objective", Recipe::preference),
                    new Key("distillation", Recipe::distillation),
                    ofTrain("batch_size", TrainRecipe::batchSize),
                    ofTrain("gradient_accumulation", TrainRecipe::gradientAccumulation),
                    ofTrain("optimizer", t -> t.optimizer().kind()),
                    ofTrain("seed", TrainRecipe::seed));

    private static final List<Key> TOKENIZER =
            List.of(
                    ofTokenizer("vocab_size", TrainedTokenizer::vocabSize),
                    ofTokenizer("min_frequency", TrainedTokenizer::minFrequency));

    private static final List<Key> OUTCOME =
            List.of(
                    ofTrain("learning_rate", t -> t.learningRate().peak()),
                    ofTrain("min_learning_rate_ratio", t -> t.learningRate().minRatio()),
                    ofTrain("warmup_steps", t -> t.learningRate().warmupSteps()),
                    ofTrain("schedule", t -> t.learningRate().decay()),
                    ofTrain("weight_decay", t -> t.optimizer().weightDecay()),
                    ofTrain("beta1", t -> t.optimizer().beta1()),
                    ofTrain("beta2", t -> t.optimizer().beta2()),
                    ofTrain("eps", t -> t.optimizer().eps()),
                    ofTrain("clip_norm", t -> t.optimizer().clipNorm()),
                    ofTrain("router_bias_rate", t -> t.mixtures().biasRate()),
                    ofTrain("router_sequence_loss", t -> t.mixtures().sequenceLoss()),
                    ofTrain("router_z_loss", t -> t.mixtures().zLoss()),
                    ofTrain("next_tokens_weight", t -> t.mixtures().nextTokensWeight()),
                    ofTrain("dropout", TrainRecipe::dropout),
                    new Key("precision", r -> r.train().precision()),
                    new Key("pruning", Recipe::pruning));

    private RecipeMatch() {}

    /// Checks that a recipe can go on from a checkpoint.
    ///
    /// @param now the recipe
    /// @param then the checkpoint's
    /// @param stepsDone steps the checkpoint has done
    /// @return a sentence for each change that alters what follows
    /// @throws CheckpointMismatch naming the first key that must not differ
    public static List<String> check(Recipe now, Recipe then, long stepsDone) {
        for (Key key : FIXED) {
            requireSame(key, now, then);
        }
        if (now.tokenizer() instanceof TrainedTokenizer) {
            for (Key key : TOKENIZER) {
                requireSame(key, now, then);
            }
        }
        if (now.train().steps() < stepsDone) {
            throw new CheckpointMismatch(
                    "train.steps",
                    "%d is less than the %d steps the checkpoint has done"
                            .formatted(now.train().steps(), stepsDone));
        }
        List<String> changes = new ArrayList<>();
        for (Key key : OUTCOME) {
            Object a = key.value.apply(then);
            Object b = key.value.apply(now);
            if (!Objects.equals(a, b)) {
                changes.add("%s was %s and is %s from now on".formatted(key.path, a, b));
            }
        }
        return changes;
    }

    private static void requireSame(Key key, Recipe now, Recipe then) {
        Object a = key.value.apply(now);
        Object b = key.value.apply(then);
        if (!Objects.equals(a, b)) {
            throw new CheckpointMismatch(
                    key.path, "%s here, %s in the checkpoint".formatted(show(a), show(b)));
        }
    }

    private static String show(@Nullable Object value) {
        return value == null ? "not given" : value.toString();
    }

    private static @Nullable Object from(Recipe recipe) {
        return recipe.model() instanceof ContinuedModel(String from) ? from : null;
    }

    /// Weights and domains decide which sequence comes when; the texts have a key of their own.
    private static List<String> mixture(List<Source> sources) {
        return sources.stream().map(s -> s.domain() + " × " + s.weight()).toList();
    }

    private static Key ofModel(String path, Function<NewModel, @Nullable Object> value) {
        return new Key(path, r -> r.model() instanceof NewModel model ? value.apply(model) : null);
    }

    private static Key ofTokenizer(String name, Function<TrainedTokenizer, Object> value) {
        return new Key(
                "tokenizer.train." + name,
                r -> r.tokenizer() instanceof TrainedTokenizer made ? value.apply(made) : null);
    }

    private static Key ofTrain(String name, Function<TrainRecipe, Object> value) {
        return new Key("train." + name, r -> value.apply(r.train()));
    }
}
