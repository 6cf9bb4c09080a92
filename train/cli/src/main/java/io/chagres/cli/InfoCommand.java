package io.chagres.cli;

import io.chagres.nn.hf.HfCheckpoint;
import io.chagres.nn.hf.config.CompressedTensors;
import io.chagres.nn.hf.config.HfConfig;
import io.chagres.nn.transformer.TransformerConfig;
import io.chagres.tensor.io.Json;
import io.chagres.tensor.io.SafeTensors;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// Describes a checkpoint.
@Command(
        name = "info",
        mixinStandardHelpOptions = true,
        description = "Describes a checkpoint: architecture, parameters, dtypes, tensors.")
final class InfoCommand implements Callable<Integer> {
    @Spec private CommandSpec spec;

    @Parameters(paramLabel = "MODEL", description = "Folder of the checkpoint.")
    private Path model;

    @Option(names = "--tensors", description = "List every tensor too.")
    private boolean tensors;

    @Mixin private JsonOption json;

    @Override
    public Integer call() throws IOException {
        HfConfig read = HfConfig.read(model);
        TransformerConfig config = read.transformer();
        Map<String, Object> facts = new LinkedHashMap<>();
        Map<String, String> listed = new LinkedHashMap<>();
        try (SafeTensors file = HfCheckpoint.open(model)) {
            Map<String, Long> dtypes = new TreeMap<>();
            long parameters = 0;
            long bytes = 0;
            for (String name : file.names()) {
                parameters += file.shape(name).size();
                bytes += file.bytes(name);
                dtypes.merge(file.storedType(name), file.shape(name).size(), Long::sum);
                listed.put(name, file.storedType(name) + file.shape(name));
            }
            facts.put("architecture", config.architecture());
            facts.put("parameters", parameters);
            facts.put("bytes", bytes);
            facts.put("dtypes", dtypes);
            facts.put("tensors", file.names().size());
        }
        CompressedTensors quantization = read.quantization();
        if (quantization != null) {
            facts.put("quantization", quantization.describe());
        }
        facts.put("layers", config.numLayers());
        facts.put("hidden_size", config.hiddenSize());
        facts.put("intermediate_size", config.intermediateSize());
        facts.put("heads", config.numHeads());
        facts.put("kv_heads", config.numKvHeads());
        facts.put("head_dim", config.headDim());
        facts.put("vocab_size", config.vocabSize());
        facts.put("max_position_embeddings", config.maxPositionEmbeddings());
        facts.put("tied_head", config.tiedHead());
        PrintWriter out = spec.commandLine().getOut();
        if (json.wanted()) {
            if (tensors) {
                facts.put("tensor_specs", listed);
            }
            out.println(Json.line(facts));
        } else {
            facts.forEach((name, fact) -> out.printf("%-24s %s%n", name, fact));
            if (tensors) {
                listed.forEach((name, of) -> out.printf("  %-60s %s%n", name, of));
            }
        }
        out.flush();
        return 0;
    }
}
