package io.chagres.cli;

import io.chagres.nn.hf.HfCheckpoint;
import io.chagres.nn.hf.config.GenerationConfig;
import io.chagres.nn.text.BpeTrainer;
import io.chagres.nn.text.Tokenizer;
import io.chagres.nn.transformer.Transformer;
import io.chagres.nn.transformer.TransformerBuilder;
import io.chagres.nn.transformer.TransformerConfig;
import io.chagres.nn.transformer.TransformerConfigBuilder;
import io.chagres.tensor.backend.Backend;
import io.chagres.tensor.backend.Backends;
import io.chagres.tensor.memory.TensorArena;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// A very small model with random weights, that can see 256 tokens.
public final class TinyModel {
    /// A chat template in which a message is `<role>content|`.
    private static final String TEMPLATE =
            """
            {% for m in messages %}<{{ m.role }}>{{ m.content }}|{% endfor %}\
            {% if add_generation_prompt %}<assistant>{% endif %}""";

    private TinyModel() {}

    /// Writes it into a folder.
    public static Path write(Path folder) throws IOException {
        Files.createDirectories(folder);
        Tokenizer tokenizer =
                BpeTrainer.create(300)
                        .bosToken("<s>")
                        .eosToken("</s>")
                        .train(List.of("the river runs to the sea, and the sea to the river. ".repeat(9)));
        tokenizer.save(folder);
        Files.writeString(folder.resolve("chat_template.jinja"), TEMPLATE);
        TransformerConfig config =
                TransformerConfigBuilder.llama()
                        .vocabSize(tokenizer.vocabSize())
                        .hiddenSize(32)
                        .numLayers(2)
                        .numHeads(4)
                        .numKvHeads(2)
                        .intermediateSize(64)
                        .maxPositionEmbeddings(256)
                        .build();
        try (Backend backend = Backends.open("cpu", 1);
                TensorArena weights = backend.arena("weights")) {
            Transformer model = TransformerBuilder.create(config, weights, 7);
            int bos = tokenizer.bosId().orElseThrow();
            int eos = tokenizer.eosId().orElseThrow();
            HfCheckpoint.save(
                    model, GenerationConfig.ofTokens(bos, List.of(eos), null), folder);
        }
        return folder;
    }
}
