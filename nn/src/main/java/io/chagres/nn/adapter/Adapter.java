package io.chagres.nn.adapter;

import io.chagres.nn.transformer.Transformer;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.memory.TensorArena;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;

/// Weights that change a model without changing its own. The model that [#attach] gives shares the
/// base's tensors: any number of adapters can be attached to one base, and to switch between them
/// copies nothing.
public sealed interface Adapter permits LoraAdapter, PrefixAdapter {
    /// What is trained, by name.
    Map<String, Tensor> parameters();

    /// A model with this adapter, for use.
    Transformer attach(Transformer base);

    /// A model with this adapter, for training: with its dropout, if it has any.
    Transformer attachForTraining(Transformer base);

    /// Decides what dropout drops in the next forward pass of a model for training.
    ///
    /// @param seed seed of the run
    /// @param offset number that changes with each pass
    void randomness(long seed, long offset);

    /// Writes `adapter_config.json` and `adapter_model.safetensors` into an existing folder, as
    /// PEFT does.
    ///
    /// @param baseModel name or folder of the base, for those who read it
    /// @param step arena for what has to be computed first
    void save(Path folder, String baseModel, TensorArena step) throws IOException;

    /// Reads what PEFT or [#save] wrote.
    ///
    /// @param base the model it is for
    /// @param weights where its tensors go
    /// @throws io.chagres.nn.UnsupportedModel when the files do not fit the model, or ask for what
    ///   we do not know
    /// @throws io.chagres.tensor.io.FormatException when a file is malformed
    static Adapter load(Path folder, Transformer base, TensorArena weights) throws IOException {
        return PeftFiles.load(folder, base, weights);
    }
}
