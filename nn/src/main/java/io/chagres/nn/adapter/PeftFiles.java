package io.chagres.nn.adapter;

import io.chagres.nn.UnsupportedModel;
import io.chagres.nn.transformer.Transformer;
import io.chagres.tensor.io.Json;
import io.chagres.tensor.io.JsonNode;
import io.chagres.tensor.io.SafeTensors;
import io.chagres.tensor.memory.TensorArena;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The files of an adapter, as PEFT has them.
public final class PeftFiles {
    /// The file of the settings.
    public static final String CONFIG = "adapter_config.json";

    /// The file of the tensors.
    public static final String WEIGHTS = "adapter_model.safetensors";

    /// What the names of tensors begin with.
    static final String PREFIX = "base_model.model.";

    private PeftFiles() {}

    /// Whether a folder holds an adapter.
    public static boolean isAdapter(Path folder) {
        return Files.isRegularFile(folder.resolve(CONFIG));
    }

    /// What an adapter's folder says its base is; empty when it does not say.
    ///
    /// @throws NoSuchFileException when the folder holds no adapter
    public static String baseModel(Path folder) throws IOException {
        return read(folder).string("base_model_name_or_path", "");
    }

    static Adapter load(Path folder, Transformer base, TensorArena weights) throws IOException {
        JsonNode json = read(folder);
        String type = json.string("peft_type");
        try (SafeTensors file = SafeTensors.open(folder.resolve(WEIGHTS))) {
            return switch (type) {
                case PeftConfig.LORA ->
                        LoraAdapter.load(file, base, PeftConfig.lora(json), weights);
                case PeftConfig.PREFIX ->
                        PrefixAdapter.load(file, base, PeftConfig.prefix(json), weights);
                default ->
                        throw new UnsupportedModel(
                                json.source()
                                        + ": peft_type is "
                                        + type
                                        + "; LORA and PREFIX_TUNING are known");
            };
        }
    }

    private static JsonNode read(Path folder) throws IOException {
        if (!isAdapter(folder)) {
            throw new NoSuchFileException(
                    folder.toString(), null, "there is no " + CONFIG + " in it: no adapter");
        }
        return Json.read(folder.resolve(CONFIG));
    }

    static void writeConfig(Map<String, @Nullable Object> fields, Path folder) throws IOException {
        Json.write(fields, folder.resolve(CONFIG));
    }
}
