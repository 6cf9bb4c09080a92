package io.chagres.nn.transformer;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Complete configurations by name, to use as they are or to start from with
/// [TransformerConfig#toBuilder].
///
/// | name | style | layers | width | heads | vocabulary | context | parameters |
/// |---|---|---|---|---|---|---|---|
/// | `llama-tiny` | Llama | 2 | 64 | 4, 2 for keys | 512 | 128 | 0.1 M |
/// | `llama-3m` | Llama | 6 | 192 | 6, 2 for keys | 4,096 | 256 | 3 M |
/// | `llama-110m` | Llama | 12 | 768 | 12 | 32,000 | 1,024 | 110 M |
/// | `llama-335m` | Llama | 24 | 1,024 | 16 | 32,000 | 1,024 | 335 M |
/// | `gpt-12m` | GPT-2 | 6 | 384 | 6 | 4,096 | 256 | 12 M |
/// | `gpt2-124m` | GPT-2 | 12 | 768 | 12 | 50,257 | 1,024 | 124 M |
/// | `gpt2-355m` | GPT-2 | 24 | 1,024 | 16 | 50,257 | 1,024 | 355 M |
///
/// The two `gpt2-` presets are the published GPT-2 models (Radford et al. 2019).
public final class Presets {
    private static final int GPT2_VOCAB = 50_257;
    private static final int GPT2_END = 50_256;
    private static final Map<String, TransformerConfig> ALL = all();

    private Presets() {}

    private static Map<String, TransformerConfig> all() {
        Map<String, TransformerConfig> map = new LinkedHashMap<>();
        map.put("llama-tiny", llama(2, 64, 4, 512, 128).numKvHeads(2).build());
        map.put("llama-3m", llama(6, 192, 6, 4096, 256).numKvHeads(2).build());
        map.put("llama-110m", llama(12, 768, 12, 32_000, 1024).build());
        map.put("llama-335m", llama(24, 1024, 16, 32_000, 1024).build());
        map.put("gpt-12m", gpt2(6, 384, 6, 4096, 256).tokens(0, List.of(0), null).build());
        map.put("gpt2-124m", gpt2(12, 768, 12, GPT2_VOCAB, 1024).build());
        map.put("gpt2-355m", gpt2(24, 1024, 16, GPT2_VOCAB, 1024).build());
        return map;
    }

    private static TransformerConfigBuilder llama(
            int layers, int width, int heads, int vocab, int context) {
        return sized(TransformerConfigBuilder.llama(), layers, width, heads, vocab, context)
                .tiedHead(true)
                .tokens(1, List.of(2), null);
    }

    private static TransformerConfigBuilder gpt2(
            int layers, int width, int heads, int vocab, int context) {
        return sized(TransformerConfigBuilder.gpt2(), layers, width, heads, vocab, context)
                .tokens(GPT2_END, List.of(GPT2_END), null);
    }

    private static TransformerConfigBuilder sized(
            TransformerConfigBuilder b, int layers, int width, int heads, int vocab, int context) {
        return b.numLayers(layers)
                .hiddenSize(width)
                .numHeads(heads)
                .vocabSize(vocab)
                .maxPositionEmbeddings(context);
    }

    /// The names, small models first within a style.
    public static List<String> names() {
        return List.copyOf(ALL.keySet());
    }

    /// The configuration of that name.
    ///
    /// @throws IllegalArgumentException listing the names when there is none
    public static TransformerConfig of(String name) {
        TransformerConfig config = ALL.get(name);
        if (config == null) {
            throw new IllegalArgumentException(
                    "no preset is called "
                            + name
                            + "; there are "
                            + String.join(", ", ALL.keySet()));
        }
        return config;
    }

    /// Two layers for tests: `llama-tiny`.
    public static TransformerConfig llamaTiny() {
        return of("llama-tiny");
    }

    /// What trains in minutes on two cores: `llama-3m`.
    public static TransformerConfig llama3m() {
        return of("llama-3m");
    }

    /// The benchmark model: `gpt-12m`.
    public static TransformerConfig gpt12m() {
        return of("gpt-12m");
    }
}
