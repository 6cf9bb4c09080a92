package io.chagres.nn.hf;

import io.chagres.nn.UnsupportedModel;
import io.chagres.nn.hf.config.GenerationConfig;
import io.chagres.nn.hf.config.HfConfig;
import io.chagres.nn.layer.Modules;
import io.chagres.nn.transformer.Transformer;
import io.chagres.nn.transformer.TransformerBuilder;
import io.chagres.nn.transformer.TransformerConfig;
import io.chagres.tensor.DType;
import io.chagres.tensor.io.SafeTensors;
import io.chagres.tensor.io.SafeTensorsWriter;
import io.chagres.tensor.memory.HostMemory;
import io.chagres.tensor.memory.TensorArena;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/// A model in a Hugging Face folder: `config.json`, `model.safetensors` (or shards) and, if
/// present, `generation_config.json`.
///
/// @param config architecture
/// @param generation how to generate; null when the folder does not say
/// @param model the model
public record HfCheckpoint(
        TransformerConfig config, @Nullable GenerationConfig generation, Transformer model) {
    private static final long SHARD_BYTES = 5_000_000_000L;

    /// Loads a model for training: every parameter is copied into the arena as F32.
    ///
    /// @throws UnsupportedModel when the architecture or its tensors are not what we know
    /// @throws IOException when a file is missing or damaged
    public static HfCheckpoint load(Path folder, TensorArena weights) throws IOException {
        try (SafeTensors file = open(folder)) {
            return load(folder, file, weights, false);
        }
    }

    /// Opens the weights of a folder.
    public static SafeTensors open(Path folder) throws IOException {
        if (!Files.isDirectory(folder)) {
            throw new IOException(
                    folder + " is not a folder; a checkpoint is one, with config.json");
        }
        return SafeTensors.open(folder);
    }

    /// Loads a model for inference: parameters stored as F32, BF16 or F16 stay in the mapped file,
    /// read-only and in their dtype, where the device can read host memory. The model computes in
    /// F32 all the same, with the same results as if they had been widened.
    ///
    /// @param file the opened weights; they must stay open while the model is used
    public static HfCheckpoint map(Path folder, SafeTensors file, TensorArena weights)
            throws IOException {
        return load(folder, file, weights, weights.source() instanceof HostMemory);
    }

    private static HfCheckpoint load(
            Path folder, SafeTensors file, TensorArena weights, boolean mapped) throws IOException {
        TransformerConfig config = HfConfig.read(folder).transformer();
        HfNames names = HfNames.of(config);
        Transformer model =
                TransformerBuilder.build(config, HfTensors.source(file, names, weights, mapped));
        return new HfCheckpoint(config, GenerationConfig.read(folder), model);
    }

    /// Writes a model's files into an existing folder. To replace a checkpoint safely, write into a
    /// new folder through [io.chagres.tensor.io.AtomicFiles].
    public static void save(Transformer model, GenerationConfig generation, Path folder)
            throws IOException {
        HfConfig.write(model.config(), DType.F32, folder.resolve(HfConfig.FILE));
        generation.write(folder.resolve(GenerationConfig.FILE));
        SafeTensorsWriter writer = new SafeTensorsWriter();
        try (Arena copies = Arena.ofConfined()) {
            HfTensors.write(Modules.parameters(model), HfNames.of(model.config()), writer, copies);
            writer.writeSharded(folder, SHARD_BYTES);
        }
    }
}
