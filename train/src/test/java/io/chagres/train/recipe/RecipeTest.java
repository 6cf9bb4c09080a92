package io.chagres.train.recipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.chagres.nn.loss.Distillation;
import io.chagres.nn.loss.PreferenceLoss;
import io.chagres.train.data.Source;
import io.chagres.train.recipe.AttentionRecipe.Full;
import io.chagres.train.recipe.AttentionRecipe.Hashed;
import io.chagres.train.recipe.ModelRecipe.ContinuedModel;
import io.chagres.train.recipe.ModelRecipe.Family;
import io.chagres.train.recipe.ModelRecipe.NewModel;
import io.chagres.train.recipe.TokenizerRecipe.GivenTokenizer;
import io.chagres.train.recipe.TokenizerRecipe.TrainedTokenizer;
import io.chagres.train.schedule.LearningRate;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class RecipeTest {
    static final String FULL =
            """
            # everything a recipe can say
            model:
              preset: small-12
              architecture: llama
              hidden_size: 512
              num_hidden_layers: 8
              num_attention_heads: 8
              num_key_value_heads: 2
              intermediate_size: 1_408
              vocab_size: 16384
              max_position_embeddings: 2048
              rope_theta: 5e5
              tie_word_embeddings: false
            tokenizer:
              train: {vocab_size: 16000, min_frequency: 3}
            data:
              sources:
                - {path: texts/prose, weight: 0.7, domain: prose}
                - path: "code: files.jsonl"
                  weight: 3
                - wordnet
              held_out: 0.05
              sequence_length: 512
              seed: -7
            train:
              steps: 20000
              batch_size: 16
              gradient_accumulation: 4
              learning_rate: 3e-4
              min_learning_rate_ratio: 0.05
              warmup_steps: 500
              schedule: linear
              optimizer: adamw8bit
              weight_decay: .01
              beta1: 0.85
              beta2: 0.99
              eps: 1.0E-6
              clip_norm: 0.5
              dropout: 0.1
              seed: 9223372036854775807
              threads: 2
              eval_every: 250
              eval_batches: 0
              sample_every: 0
              sample_prompts: ["river (noun):", 'no', ""_a, "1e3"]
              save_every: 1000
              early_stop_patience: 5
              keep_best: false
              memory_limit: 1.5GiB
              checkpointing: 768MiB
              loss_scale: 1024
            precision: bf16
            output: runs/one
            device: cuda:1
            tensorboard: true
            """
                    .replace("\"\"_a", "\"tab\\there\"");

    @TempDir Path folder;

    private static Recipe parse(String yaml) {
        return Recipe.parse("recipe.yaml", yaml, Map.of());
    }

    private static NewModel newModel(Recipe recipe) {
        assertThat(recipe.model()).isInstanceOf(NewModel.class);
        return (NewModel) recipe.model();
    }

    @Test
    void everyKeyIsRead() {
        Recipe recipe = parse(FULL);
        assertThat(recipe.model())
                .isEqualTo(
                        new NewModel(
                                "small-12",
                                Family.LLAMA,
                                512,
                                8,
                                8,
                                2,
                                1408,
                                16384,
                                2048,
                                5e5,
                                new Full(0),
                                null,
                                false));
        assertThat(recipe.tokenizer()).isEqualTo(new TrainedTokenizer(16_000, 3));
        assertThat(recipe.data())
                .isEqualTo(
                        new DataRecipe(
                                List.of(
                                        new Source("texts/prose", 0.7, "prose"),
                                        new Source("code: files.jsonl", 3, "code: files"),
                                        new Source("wordnet", 1, "wordnet")),
                                0.05,
                                512,
                                -7,
                                null));
        assertThat(recipe.train())
                .isEqualTo(
                        new TrainRecipe(
                                20_000,
                                16,
                                4,
                                new LearningRate(
                                        LearningRate.Decay.LINEAR, 3e-4, 0.05, 500, 20_000),
                                new TrainRecipe.Optimizer(
                                        TrainRecipe.Optimizer.Kind.ADAMW8BIT,
                                        0.01,
                                        0.85,
                                        0.99,
                                        1e-6,
                                        0.5),
                                Precision.BF16,
                                1024,
                                new Checkpointing.Budget(3L << 28),
                                0.1,
                                Long.MAX_VALUE,
                                2,
                                3L << 29,
                                new TrainRecipe.Mixtures(1e-3, 0, 0, 0.3),
                                new TrainRecipe.Evaluation(250, 0, 5, false),
                                new TrainRecipe.Samples(
                                        0, List.of("river (noun):", "no", "tab\there", "1e3")),
                                1000));
        assertThat(recipe.output()).isEqualTo("runs/one");
        assertThat(recipe.tensorboard()).isTrue();
        assertThat(recipe.device()).isEqualTo("cuda:1");
        assertThat(Recipe.of(Map.of()).device()).isEqualTo("auto");
        assertThat(Recipe.of(Map.of("device", "cpu")).device()).isEqualTo("cpu");
    }

    @Test
    void nothingAtAllIsARecipe() {
        Recipe recipe = parse("");
        assertThat(recipe).isEqualTo(Recipe.of(Map.of())).isEqualTo(parse("train:\nmodel: ~\n"));
        assertThat(newModel(recipe))
                .isEqualTo(
                        new NewModel(
                                "tiny",
                                Family.LLAMA,
                                128,
                                4,
                                4,
                                4,
                                352,
                                null,
                                256,
                                10_000.0,
                                new Full(0),
                                null,
                                true));
        assertThat(recipe.tokenizer()).isEqualTo(new TrainedTokenizer(4096, 2));
        assertThat(recipe.data().sources()).containsExactly(Source.of("wordnet"));
        assertThat(recipe.train().learningRate().warmupSteps()).isEqualTo(50);
        assertThat(recipe.train().samples().prompts()).isEmpty();
    }

    @Test
    void activationsAreComputedAgainForNoBlockAllBlocksOrABudget() {
        assertThat(parse("").train().checkpointing()).isEqualTo(new Checkpointing.None());
        for (String text : List.of("none", "blocks", "1GiB")) {
            Recipe recipe = Recipe.of(Map.of("train.checkpointing", text));
            assertThat(parse(recipe.toYaml())).isEqualTo(recipe);
            assertThat(recipe.train().checkpointing())
                    .isEqualTo(
                            switch (text) {
                                case "none" -> new Checkpointing.None();
                                case "blocks" -> new Checkpointing.Blocks();
                                default -> new Checkpointing.Budget(1L << 30);
                            });
        }
    }

    @Test
    void deepSeekHasKeysOfItsOwn() {
        Map<String, String> flags =
                Map.of(
                        "model.architecture", "deepseek_v3",
                        "model.hidden_size", "96",
                        "model.num_attention_heads", "4",
                        "model.n_routed_experts", "16",
                        "model.n_group", "4",
                        "model.topk_group", "2",
                        "model.num_nextn_predict_layers", "1",
                        "train.router_bias_rate", "0.01");
        Recipe recipe = Recipe.of(flags);
        assertThat(newModel(recipe).deepSeek())
                .isEqualTo(new DeepSeekRecipe(0, 32, 24, 12, 24, 16, 2, 85, 1, 1, 4, 2, 1.0, 1));
        assertThat(recipe.train().mixtures()).isEqualTo(new TrainRecipe.Mixtures(0.01, 0, 0, 0.3));
        assertThat(parse(recipe.toYaml())).isEqualTo(recipe);
        assertThatThrownBy(() -> Recipe.of(Map.of("model.n_routed_experts", "4")))
                .isInstanceOf(RecipeException.class)
                .hasMessageContainingAll("model.n_routed_experts", "deepseek_v3");
        Map<String, String> many = new HashMap<>(flags);
        many.put("model.num_experts_per_tok", "9");
        assertThatThrownBy(() -> Recipe.of(many))
                .isInstanceOf(RecipeException.class)
                .hasMessageContaining("8 experts");
    }

    @ParameterizedTest
    @MethodSource("presets")
    void everyPresetWorksAlone(String preset) {
        NewModel model = newModel(Recipe.of(Map.of("model.preset", preset)));
        assertThat(model.preset()).isEqualTo(preset);
        assertThat(model.hiddenSize() % model.numAttentionHeads()).isZero();
    }

    static List<String> presets() {
        return Recipe.presets();
    }

    @Test
    void theTimedConfigurationIsAsAgreed() {
        Recipe recipe = Recipe.of(Map.of("model.preset", "gpt-12m"));
        assertThat(newModel(recipe))
                .isEqualTo(
                        new NewModel(
                                "gpt-12m",
                                Family.GPT2,
                                384,
                                6,
                                6,
                                6,
                                1536,
                                null,
                                256,
                                null,
                                new Full(0),
                                null,
                                true));
        assertThat(recipe.tokenizer()).isEqualTo(new TrainedTokenizer(4096, 2));
        assertThat(recipe.data().sequenceLength()).isEqualTo(256);
        assertThat(recipe.train().batchSize()).isEqualTo(8);
    }

    @Test
    void whatIsLeftOutFollowsFromTheRest() {
        NewModel model = newModel(parse("model: {hidden_size: 256, num_attention_heads: 8}"));
        assertThat(model.numKeyValueHeads()).isEqualTo(8);
        assertThat(model.intermediateSize()).isEqualTo(704); // 8/3 · 256 up to a multiple of 32
        assertThat(newModel(parse("data: {sequence_length: 1000}")).maxPositionEmbeddings())
                .isEqualTo(1000);
        assertThat(parse("train: {steps: 10}").train().learningRate().warmupSteps()).isZero();
    }

    @Test
    void aCheckpointBringsItsTokenizer() {
        Recipe recipe = parse("model: {from: runs/base}");
        assertThat(recipe.model()).isEqualTo(new ContinuedModel("runs/base"));
        assertThat(recipe.tokenizer()).isEqualTo(new GivenTokenizer("runs/base"));
        assertThat(parse("model: {from: a}\ntokenizer: {path: b}").tokenizer())
                .isEqualTo(new GivenTokenizer("b"));
    }

    @Test
    void flagsWinOverTheFile() {
        Recipe recipe =
                Recipe.parse(
                        "recipe.yaml",
                        FULL,
                        Map.of(
                                "train.learning_rate", "1e-3",
                                "train.steps", "30_000",
                                "train.sample_prompts", "[a, 'b c']",
                                "train.memory_limit", "1000",
                                "data.sources.0.weight", "2",
                                "data.sources.3.path", "more.txt",
                                "output", "1e3"));
        assertThat(recipe.train().learningRate().peak()).isEqualTo(1e-3);
        assertThat(recipe.train().steps()).isEqualTo(30_000);
        assertThat(recipe.train().samples().prompts()).containsExactly("a", "b c");
        assertThat(recipe.train().memoryLimit()).isEqualTo(1000);
        assertThat(recipe.data().sources())
                .hasSize(4)
                .startsWith(new Source("texts/prose", 2, "prose"))
                .endsWith(Source.of("more.txt"));
        assertThat(recipe.output()).isEqualTo("1e3");
        assertThat(recipe.train().batchSize()).as("from the file").isEqualTo(16);
    }

    @Test
    void sourcesByFlagsAlone() {
        assertThat(Recipe.of(Map.of("data.sources", "a b.txt")).data().sources())
                .containsExactly(Source.of("a b.txt"));
        assertThat(
                        Recipe.of(Map.of("data.sources", "[a.txt, {path: b, weight: 2}]"))
                                .data()
                                .sources())
                .containsExactly(Source.of("a.txt"), new Source("b", 2, "b"));
        assertThat(
                        Recipe.of(
                                        Map.of(
                                                "data.sources.1.path", "b",
                                                "data.sources.0.path", "a",
                                                "data.sources.0.domain", "d"))
                                .data()
                                .sources())
                .containsExactly(new Source("a", 1, "d"), Source.of("b"));
    }

    @Test
    void theResolvedRecipeReadsBackEqual() throws IOException {
        Recipe odd =
                Recipe.of(
                        Map.of(
                                "output",
                                "null",
                                "train.sample_prompts",
                                "[\"~\", \"true\", \"a: b\", \"# c\", \"x\\ny\", \" \\u00e9😀 \","
                                        + " \"- d\", \"*e\", \"012\", \"\\\"q\\\"\", \"{\"]"));
        List<Recipe> recipes =
                List.of(
                        parse(FULL),
                        parse(""),
                        parse("model: {from: base}"),
                        parse("model: {preset: gpt-12m}"),
                        odd);
        for (Recipe recipe : recipes) {
            Path file = folder.resolve(Recipe.FILE_NAME);
            recipe.write(file);
            assertThat(Recipe.load(file, Map.of())).isEqualTo(recipe);
            assertThat(Recipe.load(file, Map.of()).toYaml()).isEqualTo(recipe.toYaml());
        }
        assertThat(odd.train().samples().prompts()).contains("~", "x\ny", " é😀 ", "012");
    }

    @Test
    void theResolvedRecipeSpellsOutTheDefaults() {
        assertThat(parse("train: {steps: 40}").toYaml())
                .startsWith("model:\n  preset: \"tiny\"\n  architecture: \"llama\"\n")
                .contains("\n  warmup_steps: 2\n", "\n  hidden_size: 128\n", "seed: 42")
                .doesNotContain("null", "from:", "memory_limit", "---");
    }

    @Test
    void attentionIsChosen() {
        assertThat(attention("model: {sliding_window: 64}")).isEqualTo(new Full(64));
        assertThat(attention("model: {attention: lsh}")).isEqualTo(new Hashed(4, 64, 0));
        String lsh =
                "model: {attention: lsh, num_hashes: 2, lsh_chunk_length: 32, num_buckets: 16}";
        assertThat(attention(lsh)).isEqualTo(new Hashed(2, 32, 16));
        for (String yaml : List.of(lsh, "model: {sliding_window: 64}", "model: {}")) {
            assertThat(parse(parse(yaml).toYaml())).isEqualTo(parse(yaml));
        }
    }

    private static AttentionRecipe attention(String yaml) {
        return ((NewModel) parse(yaml).model()).attention();
    }

    private static final String TAUGHT =
            """
            distillation: {teacher: big, temperature: 3, alpha: 0.25, hidden_states: [0=0, 2=4],
              hidden_weight: 0.5}
            """;

    private static final String PREFERRING =
            """
            model: {from: base}
            data: {sources: pairs.jsonl}
            finetune: {objective: dpo, dpo_beta: 0.3, dpo_label_smoothing: 0.1}
            """;

    @Test
    void aTeacherIsReadBack() {
        Recipe recipe = parse(TAUGHT);
        assertThat(recipe.distillation())
                .isEqualTo(
                        new DistillationRecipe(
                                "big",
                                new Distillation.Settings(
                                        3,
                                        0.25,
                                        0.5,
                                        List.of(
                                                new Distillation.Pair(0, 0),
                                                new Distillation.Pair(2, 4)))));
        assertThat(recipe.tokenizer()).as("the teacher's").isEqualTo(new GivenTokenizer("big"));
        assertThat(parse(recipe.toYaml())).isEqualTo(recipe);
        Recipe plain = parse("distillation: {teacher: big}");
        assertThat(plain.distillation())
                .isEqualTo(
                        new DistillationRecipe(
                                "big", new Distillation.Settings(2, 0.5, 0, List.of())));
        assertThat(parse(plain.toYaml())).isEqualTo(plain);
        assertThat(parse("").distillation()).isNull();
    }

    @Test
    void preferencesAreReadBack() {
        Recipe recipe = parse(PREFERRING);
        assertThat(recipe.preference()).isEqualTo(new PreferenceLoss(0.3, 0.1));
        assertThat(recipe.finetune()).isInstanceOf(FinetuneRecipe.Lora.class);
        assertThat(recipe.data().examples()).isNotNull();
        assertThat(recipe.toYaml()).contains("format: \"preference\"", "objective: \"dpo\"");
        assertThat(parse(recipe.toYaml())).isEqualTo(recipe);
        assertThat(parse("model: {from: base}\nfinetune: {objective: next_token}").preference())
                .isNull();
    }

    @Test
    void everyKeyIsDocumented() {
        assertThat(Recipe.keys())
                .hasSizeGreaterThan(40)
                .allSatisfy(key -> {
                    assertThat(key.description()).endsWith(".");
                    assertThat(key.expected()).isNotBlank();
                    assertThat(key.path()).matches("[a-z0-9_]+(\\.[a-z0-9_]+){0,2}");
                });
        assertThat(Recipe.keys().stream().map(RecipeKey::path)).doesNotHaveDuplicates();
        for (RecipeKey<?> key : Recipe.keys()) {
            key.defaultValue().ifPresent(value -> Recipe.of(Map.of(key.path(), value)));
        }
    }

    @Test
    void aFileIsReadFromDisk() throws IOException {
        Path file = Files.writeString(folder.resolve("r.yaml"), FULL);
        assertThat(Recipe.load(file, Map.of())).isEqualTo(parse(FULL));
    }
}
