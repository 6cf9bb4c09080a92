package io.chagres.train.recipe;

import static org.assertj.core.api.Assertions.assertThat;

import io.chagres.nn.loss.PreferenceLoss;
import io.chagres.train.recipe.ModelRecipe.NewModel;
import io.chagres.train.recipe.TokenizerRecipe.TrainedTokenizer;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/// The recipes in the folder of examples, which are to be compared with each other.
class ExampleRecipesTest {
    private static Recipe example(String name) {
        return Recipe.load(Path.of("examples", name + ".yaml"), Map.of());
    }

    /// Weights of matrices that work on a token, the output layer being the embedding.
    private static long active(Recipe recipe) {
        NewModel m = (NewModel) recipe.model();
        long hidden = m.hiddenSize();
        long heads = m.numAttentionHeads();
        long embedding = ((TrainedTokenizer) recipe.tokenizer()).vocabSize() * hidden;
        long mlp = 3 * hidden * m.intermediateSize();
        DeepSeekRecipe d = m.deepSeek();
        if (d == null) {
            long attention = (2 * heads + 2L * m.numKeyValueHeads()) * hidden / heads * hidden;
            return embedding + m.numHiddenLayers() * (attention + mlp);
        }
        long query = (d.qkNopeHeadDim() + d.qkRopeHeadDim()) * heads * hidden;
        long latent = (d.kvLoraRank() + d.qkRopeHeadDim()) * hidden;
        long expand = d.kvLoraRank() * heads * (d.qkNopeHeadDim() + d.vHeadDim());
        long attention = query + latent + expand + heads * d.vHeadDim() * hidden;
        long chosen = (d.expertsPerToken() + d.sharedExperts()) * 3L * hidden;
        long mixture = chosen * d.moeIntermediateSize() + d.routedExperts() * hidden;
        return embedding
                + m.numHiddenLayers() * attention
                + d.firstDense() * mlp
                + (m.numHiddenLayers() - d.firstDense()) * mixture;
    }

    @Test
    void denseAndSparseHaveAsManyParametersAtWorkAndTheSameTraining() {
        Recipe sparse = example("deepseek-v3-10m");
        Recipe dense = example("dense-3m");
        long wanted = active(sparse);
        assertThat(wanted).isBetween(2_800_000L, 2_900_000L);
        assertThat(active(dense)).isBetween(wanted, wanted + wanted / 500);
        assertThat(dense.tokenizer()).isEqualTo(sparse.tokenizer());
        assertThat(dense.data()).isEqualTo(sparse.data());
        assertThat(dense.train().learningRate()).isEqualTo(sparse.train().learningRate());
        assertThat(dense.train().steps()).isEqualTo(sparse.train().steps());
        assertThat(dense.train().batchSize()).isEqualTo(sparse.train().batchSize());
        assertThat(dense.train().optimizer()).isEqualTo(sparse.train().optimizer());
        assertThat(dense.train().precision()).isEqualTo(sparse.train().precision());
        DeepSeekRecipe own = Objects.requireNonNull(((NewModel) sparse.model()).deepSeek());
        assertThat(own.nextTokens()).isEqualTo(1);
        assertThat(sparse.train().mixtures().biasRate()).isPositive();
        assertThat(sparse.train().mixtures().sequenceLoss()).isZero();
    }

    @Test
    void theStudentHasAQuarterOfTheTeachersParameters() {
        NewModel student = (NewModel) example("distil-280k").model();
        Map<String, String> quickstart =
                Map.of("model.preset", "tiny", "model.num_hidden_layers", "3");
        NewModel teacher = (NewModel) Recipe.of(quickstart).model();
        assertThat((double) size(student) / size(teacher)).isBetween(0.24, 0.26);
    }

    /// Parameters of a Llama whose tokenizer is the quick start's, but for norms.
    private static long size(NewModel m) {
        long hidden = m.hiddenSize();
        long layer = 4 * hidden * hidden + 3 * hidden * m.intermediateSize();
        return 4096 * hidden + m.numHiddenLayers() * layer;
    }

    @Test
    void preferencesAreAnExampleToo() {
        Recipe recipe = example("dpo");
        assertThat(recipe.preference()).isEqualTo(new PreferenceLoss(0.1, 0));
        assertThat(recipe.finetune()).isInstanceOf(FinetuneRecipe.Lora.class);
    }
}
