package io.chagres.nn.hf.config;

import io.chagres.nn.UnsupportedModel;
import io.chagres.nn.transformer.TransformerConfig;
import io.chagres.tensor.io.JsonNode;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// How one model family spells its `config.json`. A new family is one more of these in [#ALL].
interface ConfigDialect {
    /// Every family that is known.
    List<ConfigDialect> ALL =
            List.of(
                    new Gpt2Dialect(),
                    new LlamaDialect(),
                    new LlamaLshDialect(),
                    new MistralDialect(),
                    new Qwen2Dialect(),
                    new Qwen3Dialect(),
                    new MixtralDialect(),
                    new DeepSeekDialect(2),
                    new DeepSeekDialect(3));

    /// The family's `model_type`.
    String modelType();

    /// The class in `architectures`.
    String architecture();

    /// Reads the fields.
    ///
    /// @throws IllegalArgumentException when the values do not fit together
    TransformerConfig read(JsonNode json);

    /// Says why a configuration cannot be a model of this family.
    ///
    /// @throws UnsupportedModel naming the component that does not fit
    void check(TransformerConfig config);

    /// Adds the family's own fields.
    void write(TransformerConfig config, Map<String, @Nullable Object> out);

    /// Refuses what a family has no field for.
    static void require(boolean ok, TransformerConfig config, String what) {
        if (!ok) {
            throw new UnsupportedModel(
                    "a model of type " + config.architecture() + " needs " + what);
        }
    }
}
