package io.chagres.train.loop;

import static org.assertj.core.api.Assertions.assertThat;

import io.chagres.kernels.cpu.CpuBackend;
import io.chagres.nn.layer.Modules;
import io.chagres.nn.transformer.Transformer;
import io.chagres.nn.transformer.TransformerBuilder;
import io.chagres.nn.transformer.TransformerConfigBuilder;
import io.chagres.tensor.memory.TensorArena;
import io.chagres.train.tensorboard.EventReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BoardTest {
    @TempDir private Path folder;

    private static void fill(Board board, Transformer model) throws IOException {
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("loss", 2.5);
        line.put("tokens", 100L);
        board.metrics(1, line);
        board.metrics(2, Map.of("validation_loss", 2.25));
        board.sample(3, "", "the sea");
        board.sample(3, "the", " river");
        board.parameters(4, Modules.parameters(model));
        board.close();
    }

    @Test
    void aRunShowsItsFiguresTextsAndParameters() throws IOException {
        try (var backend = new CpuBackend(1);
                TensorArena weights = backend.arena("weights")) {
            Transformer model =
                    TransformerBuilder.create(
                            TransformerConfigBuilder.llama()
                                    .vocabSize(8)
                                    .hiddenSize(16)
                                    .numLayers(1)
                                    .numHeads(2)
                                    .maxPositionEmbeddings(16)
                                    .build(),
                            weights,
                            1);
            fill(Board.open(true, folder.resolve("board")), model);
            fill(Board.open(false, folder.resolve("none")), model);
            List<Path> files;
            try (Stream<Path> found = Files.list(folder.resolve("board"))) {
                files = found.toList();
            }
            assertThat(files).hasSize(1);
            List<String> tags = new ArrayList<>();
            tags.addAll(List.of("train/loss", "train/tokens", "validation/validation_loss"));
            tags.addAll(List.of("samples/no prompt", "samples/the"));
            tags.addAll(Modules.parameters(model).keySet());
            assertThat(EventReader.tags(files.getFirst())).isEqualTo(tags);
            assertThat(folder.resolve("none")).doesNotExist();
        }
    }
}
