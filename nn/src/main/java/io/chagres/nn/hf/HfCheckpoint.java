package io.chagres.nn.hf;

import io.chagres.nn.UnsupportedModel;
import io.chagres.nn.hf.HfTensors.Keep;
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
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A model in a Hugging Face folder: `config.json`, `model.safetensors` (or shards) and, if
/// present, `generation_config.json`.
///
/// @param config architecture
/// @param generation how to generate; null when the folder does not say
/// @param model the model
/// @param report which tensors were found
public record HfCheckpoint(
        TransformerConfig config,
        @Nullable GenerationConfig generation,
        Transformer model,
        LoadReport report) {
    private static final Logger LOG = LoggerFactory.getLogger(HfCheckpoint.class);

    /// Most bytes of one file of weights, unless a caller says otherwise.
    public static final long SHARD_BYTES = 5_000_000_000L;

    /// Loads a model for training: every parameter is copied into the arena as F32, also what is
    /// stored in 8 bits.
    ///
    /// @throws UnsupportedModel when the architecture or its tensors are not what we know
    /// @throws IOException when a file is missing or damaged
    public static HfCheckpoint load(Path folder, TensorArena weights) throws IOException {
        try (SafeTensors file = open(folder)) {
            return load(folder, file, weights, Keep.F32, DType.F32);
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

    /// Loads a model for inference as it is stored: matrices keep their dtype, F32, BF16 or F16,
    /// and stay in the mapped file, read-only, where the device can read host memory. The model
    /// computes in F32 all the same, with the same results as if they had been widened. Vectors,
    /// such as the weights of norms, are widened, since every use would have to. What latent
    /// attention expands its latents by is converted; experts are copied side by side, in their
    /// dtype, unless they lie at equal distances in the file. Matrices of 8 bits stay that.
    ///
    /// @param file the opened weights; they must stay open while the model is used
    public static HfCheckpoint map(Path folder, SafeTensors file, TensorArena weights)
            throws IOException {
        return map(folder, file, weights, DType.F32);
    }

    /// As [#map(Path, SafeTensors, TensorArena)], for a model that will compute in a dtype: with
    /// BF16, matrices stored as F32 are rounded to it and copied to the arena.
    ///
    /// @param compute F32 or BF16
    public static HfCheckpoint map(
            Path folder, SafeTensors file, TensorArena weights, DType compute) throws IOException {
        boolean host = weights.source() instanceof HostMemory;
        return load(folder, file, weights, host ? Keep.MAPPED : Keep.STORED, compute);
    }

    private static HfCheckpoint load(
            Path folder, SafeTensors file, TensorArena weights, Keep keep, DType compute)
            throws IOException {
        HfConfig read = HfConfig.read(folder);
        TransformerConfig config = present(read.transformer(), file);
        HfTensors source =
                new HfTensors(
                        file, names(config, file), read.quantization(), weights, keep, compute);
        Transformer model = TransformerBuilder.build(config, source);
        LOG.debug("{}: {}", folder, source.report());
        return new HfCheckpoint(config, GenerationConfig.read(folder), model, source.report());
    }

    /// The config without modules of multi-token prediction when the file has none of their
    /// tensors: transformers drops these when it saves, and leaves the config as it was.
    private static TransformerConfig present(TransformerConfig config, SafeTensors file) {
        String first = "model.layers." + config.numLayers() + ".";
        boolean there =
                config.nextTokens() == 0
                        || file.names().stream().anyMatch(n -> n.startsWith(first));
        return there ? config : config.toBuilder().nextTokens(0).build();
    }

    private static HfNames names(TransformerConfig config, SafeTensors file) {
        boolean fused = file.names().stream().anyMatch(n -> n.endsWith(".experts.gate_up_proj"));
        return HfNames.of(config, fused ? HfNames.ExpertLayout.FUSED : HfNames.ExpertLayout.SINGLE);
    }

    /// Writes a model's files into an existing folder, in F32. To replace a checkpoint safely,
    /// write into a new folder through [io.chagres.tensor.io.AtomicFiles].
    public static void save(Transformer model, GenerationConfig generation, Path folder)
            throws IOException {
        save(model, generation, folder, DType.F32, SHARD_BYTES);
    }

    /// Writes a model's files into an existing folder. What is not trained, such as the bias of a
    /// router, keeps its dtype; matrices of 8 bits are stored as "compressed-tensors", and the
    /// config says which.
    ///
    /// @param dtype dtype of the stored weights, a float
    /// @param maxShardBytes most bytes of tensors in one file; a larger tensor has its own
    public static void save(
            Transformer model,
            GenerationConfig generation,
            Path folder,
            DType dtype,
            long maxShardBytes)
            throws IOException {
        QuantizedNames names = QuantizedNames.of(model);
        HfConfig.write(model.config(), dtype, names.quantization(), folder.resolve(HfConfig.FILE));
        generation.write(folder.resolve(GenerationConfig.FILE));
        SafeTensorsWriter writer = new SafeTensorsWriter();
        try (Arena copies = Arena.ofConfined()) {
            Set<String> trained = Modules.parameters(model).keySet();
            HfWriter.write(
                    names.state(),
                    names.names(),
                    (path, t) -> trained.contains(path) ? dtype : t.dtype(),
                    writer,
                    copies);
            writer.writeSharded(folder, maxShardBytes);
        }
    }
}
