package io.chagres.cli;

import io.chagres.nn.adapter.Adapter;
import io.chagres.nn.adapter.LoraAdapter;
import io.chagres.nn.hf.HfCheckpoint;
import io.chagres.nn.text.Tokenizer;
import io.chagres.nn.transformer.Transformer;
import io.chagres.tensor.DType;
import io.chagres.tensor.backend.Backend;
import io.chagres.tensor.backend.Backends;
import io.chagres.tensor.io.SafeTensors;
import io.chagres.tensor.memory.TensorArena;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// Makes one model of a model and an adapter.
@Command(
        name = "merge",
        mixinStandardHelpOptions = true,
        description = {
            "Makes one model of a model and an adapter.",
            "",
            "Writes a Hugging Face folder whose weights have those of a LoRA or DoRA adapter added."
                    + " It needs no adapter any more, and is as fast as the model was."
        })
final class MergeCommand implements Callable<Integer> {
    private static final String TOKENIZER = "tokenizer.json";

    /// What weights can be stored in.
    enum Stored {
        auto,
        f32,
        bf16,
        f16
    }

    @Spec private CommandSpec spec;

    @Parameters(index = "0", paramLabel = "MODEL", description = "Folder of the model.")
    private Path model;

    @Option(
            names = "--adapter",
            required = true,
            paramLabel = "FOLDER",
            description = "Folder of the adapter, as finetune or PEFT writes it.")
    private Path adapter;

    @Option(
            names = {"-o", "--output"},
            required = true,
            paramLabel = "FOLDER",
            description = "Folder for the new model; it must not be there yet.")
    private Path output;

    @Option(
            names = "--dtype",
            paramLabel = "TYPE",
            description = {
                "${COMPLETION-CANDIDATES}: what weights are stored in. auto: as the model's are.",
                "Default: ${DEFAULT-VALUE}."
            },
            defaultValue = "auto")
    private Stored dtype;

    @Mixin private DeviceOption device;

    @Override
    public Integer call() throws IOException {
        if (Files.exists(output)) {
            throw new ParameterException(
                    spec.commandLine(), "--output: " + output + " is there already");
        }
        merge(model, adapter, output, dtype, device.choose());
        PrintWriter out = spec.commandLine().getOut();
        out.println("Merged model: " + output);
        out.flush();
        return 0;
    }

    /// Writes the model that a model and an adapter are together.
    ///
    /// @param device as `--device` takes it
    /// @throws IllegalArgumentException when the adapter is no part of the weights
    static void merge(Path model, Path adapter, Path output, Stored dtype, String device)
            throws IOException {
        try (SafeTensors file = HfCheckpoint.open(model);
                Backend backend = Backends.open(device, 0);
                TensorArena weights = backend.arena("weights");
                TensorArena step = backend.arena("step")) {
            HfCheckpoint base = HfCheckpoint.map(model, file, weights);
            if (!(Adapter.load(adapter, base.model(), weights) instanceof LoraAdapter lora)) {
                throw new IllegalArgumentException(
                        adapter + ": a prefix is no part of the weights; it cannot be merged");
            }
            Path tokenizer = Files.exists(adapter.resolve(TOKENIZER)) ? adapter : model;
            new MadeModel(
                            lora.merge(base.model(), weights, step),
                            MadeModel.generation(base),
                            stored(dtype, base.model()),
                            Tokenizer.load(tokenizer),
                            null)
                    .write(output);
        }
    }

    private static DType stored(Stored dtype, Transformer base) {
        return switch (dtype) {
            case auto -> MadeModel.stored(base);
            case f32 -> DType.F32;
            case bf16 -> DType.BF16;
            case f16 -> DType.F16;
        };
    }
}
