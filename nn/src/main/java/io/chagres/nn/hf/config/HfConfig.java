package io.chagres.nn.hf.config;

import io.chagres.nn.UnsupportedModel;
import io.chagres.nn.transformer.TransformerConfig;
import io.chagres.tensor.DType;
import io.chagres.tensor.io.Json;
import io.chagres.tensor.io.JsonException;
import io.chagres.tensor.io.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A Hugging Face `config.json`: read into a [TransformerConfig], or written from one. Both the
/// spelling of transformers 4 (`torch_dtype`, `rope_theta`, `rope_scaling`) and of 5 (`dtype`,
/// `rope_parameters`) are read, and files are written so that both can read them.
public final class HfConfig {
    /// The file's name in a model folder.
    public static final String FILE = "config.json";

    private final JsonNode json;
    private final ConfigDialect dialect;
    private final TransformerConfig transformer;
    private final @Nullable CompressedTensors quantization;

    private HfConfig(
            JsonNode json,
            ConfigDialect dialect,
            TransformerConfig transformer,
            @Nullable CompressedTensors quantization) {
        this.json = json;
        this.dialect = dialect;
        this.transformer = transformer;
        this.quantization = quantization;
    }

    /// Reads a `config.json`, or the one of a folder.
    ///
    /// @throws JsonException when the file is malformed, naming the field
    /// @throws UnsupportedModel when it describes a model that cannot be built here
    /// @throws IOException when it cannot be read
    public static HfConfig read(Path fileOrFolder) throws IOException {
        boolean folder = Files.isDirectory(fileOrFolder);
        return of(Json.read(folder ? fileOrFolder.resolve(FILE) : fileOrFolder));
    }

    /// Takes a configuration that was parsed already.
    ///
    /// @throws JsonException when it is malformed, naming the field
    /// @throws UnsupportedModel when it describes a model that cannot be built here
    public static HfConfig of(JsonNode json) {
        ConfigDialect dialect = dialect(json);
        JsonNode field = json.find(CompressedTensors.FIELD);
        CompressedTensors quantization = field == null ? null : CompressedTensors.read(field);
        try {
            return new HfConfig(json, dialect, dialect.read(json), quantization);
        } catch (IllegalArgumentException e) {
            JsonException named = json.error(String.valueOf(e.getMessage()));
            named.initCause(e);
            throw named;
        }
    }

    private static ConfigDialect dialect(JsonNode json) {
        JsonNode type = json.get("model_type");
        String name = type.asString();
        for (ConfigDialect d : ConfigDialect.ALL) {
            if (d.modelType().equals(name)) {
                return d;
            }
        }
        throw UnsupportedModel.of(type, supported());
    }

    /// Every `model_type` that can be read and written.
    public static List<String> supported() {
        return ConfigDialect.ALL.stream().map(ConfigDialect::modelType).toList();
    }

    /// The model family.
    public String modelType() {
        return dialect.modelType();
    }

    /// The model in neutral terms.
    public TransformerConfig transformer() {
        return transformer;
    }

    /// Which weights are of 8 bits; null for none.
    public @Nullable CompressedTensors quantization() {
        return quantization;
    }

    /// The file's content, for fields that the neutral terms lack.
    public JsonNode json() {
        return json;
    }

    /// The type that the weights are stored in according to the file, or `null` when it is silent.
    ///
    /// @throws UnsupportedModel when it is another than those of [DType]
    public @Nullable DType dtype() {
        JsonNode field = json.find(json.has("dtype") ? "dtype" : "torch_dtype");
        if (field == null) {
            return null;
        }
        return switch (field.asString()) {
            case "auto" -> null;
            case "float64", "double" -> DType.F64;
            case "float32", "float" -> DType.F32;
            case "float16", "half" -> DType.F16;
            case "bfloat16" -> DType.BF16;
            default ->
                    throw UnsupportedModel.of(
                            field, List.of("float64", "float32", "float16", "bfloat16"));
        };
    }

    /// The content of a `config.json` for a model.
    ///
    /// @param dtype type of the stored weights
    /// @throws UnsupportedModel when the family named by `architecture` has no such model
    public static Map<String, @Nullable Object> toJson(TransformerConfig config, DType dtype) {
        ConfigDialect dialect =
                ConfigDialect.ALL.stream()
                        .filter(d -> d.modelType().equals(config.architecture()))
                        .findFirst()
                        .orElseThrow(() ->
                                new UnsupportedModel(
                                        "architecture "
                                                + config.architecture()
                                                + " has no config.json (supported: "
                                                + String.join(", ", supported())
                                                + ")"));
        dialect.check(config);
        Map<String, @Nullable Object> out = new LinkedHashMap<>();
        out.put("architectures", List.of(dialect.architecture()));
        out.put("model_type", dialect.modelType());
        out.put("vocab_size", config.vocabSize());
        dialect.write(config, out);
        out.put("initializer_range", config.initializerRange());
        out.put("tie_word_embeddings", config.tiedHead());
        out.put("bos_token_id", config.bosId());
        out.put("eos_token_id", Fields.ids(config.eosIds()));
        out.put("pad_token_id", config.padId());
        out.put("torch_dtype", name(dtype));
        out.put("use_cache", true);
        return out;
    }

    /// Writes a `config.json` atomically.
    ///
    /// @param quantization which weights are of 8 bits; null for none
    /// @param file the file itself, not its folder
    /// @throws UnsupportedModel when the family named by `architecture` has no such model
    public static void write(
            TransformerConfig config,
            DType dtype,
            @Nullable CompressedTensors quantization,
            Path file)
            throws IOException {
        Map<String, @Nullable Object> all = toJson(config, dtype);
        if (quantization != null) {
            all.put(CompressedTensors.FIELD, quantization.toJson());
        }
        Json.write(all, file);
    }

    /// Writes a `config.json` atomically.
    ///
    /// @param file the file itself, not its folder
    /// @throws UnsupportedModel when the family named by `architecture` has no such model
    public static void write(TransformerConfig config, DType dtype, Path file) throws IOException {
        Json.write(toJson(config, dtype), file);
    }

    private static String name(DType dtype) {
        return switch (dtype) {
            case F64 -> "float64";
            case F32 -> "float32";
            case F16 -> "float16";
            case BF16 -> "bfloat16";
            case I8, I32, I64, BOOL ->
                    throw new IllegalArgumentException("weights of type " + dtype);
        };
    }
}
