package io.chagres.cli;

import io.chagres.tensor.DType;
import io.chagres.tensor.io.AtomicFiles;
import io.chagres.tensor.io.Json;
import io.chagres.train.eval.attention.AttentionMaps;
import io.chagres.train.eval.attention.AttentionPage;
import io.chagres.train.eval.attention.AttentionPicture;
import io.chagres.train.tensorboard.EventFile;
import io.chagres.train.tensorboard.Png;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// Shows what a model attends to.
@Command(
        name = "attention",
        mixinStandardHelpOptions = true,
        description = {
            "Shows what a model attends to in a text.",
            "",
            "Writes a picture per layer and a page that needs no network, attention.html: how much"
                    + " each token takes from each earlier one, in every head."
        })
final class AttentionCommand implements Callable<Integer> {
    private static final String PAGE = "attention.html";

    @Spec private CommandSpec spec;

    @Parameters(index = "0", paramLabel = "MODEL", description = "Folder of the checkpoint.")
    private Path model;

    @Parameters(index = "1", paramLabel = "TEXT", description = "What it reads.")
    private String text;

    @Option(
            names = {"-o", "--out"},
            paramLabel = "DIR",
            required = true,
            description = "Where the pictures and the page go; made when missing.")
    private Path folder;

    @Option(
            names = "--max-tokens",
            paramLabel = "N",
            defaultValue = "256",
            description = "Tokens that are looked at, from the start. Default: ${DEFAULT-VALUE}.")
    private int maxTokens;

    @Option(
            names = "--tensorboard",
            description = "Write the pictures into a TensorBoard event file too.")
    private boolean tensorboard;

    @Mixin private ThreadsOption threads;

    @Mixin private DeviceOption device;

    @Mixin private JsonOption json;

    @Override
    public Integer call() throws IOException {
        Options.atLeast(spec, "--max-tokens", maxTokens, 1);
        PrintWriter out = spec.commandLine().getOut();
        AttentionMaps maps;
        List<String> tokens = new ArrayList<>();
        try (EvalModel loaded =
                new EvalModel(model, null, device.choose(), threads.count(), DType.F32)) {
            int[] all = loaded.tokenizer().encode(text, true);
            int seen = Math.min(maxTokens, loaded.config().maxPositionEmbeddings());
            int[] ids = Arrays.copyOf(all, Math.min(all.length, seen));
            maps = AttentionMaps.of(loaded.model(), loaded.step(), ids);
            for (int id : ids) {
                tokens.add(loaded.tokenizer().decode(new int[] {id}, false));
            }
        }
        List<String> files = write(maps, tokens);
        if (json.wanted()) {
            Map<String, Object> fields = new LinkedHashMap<>();
            fields.put("tokens", tokens);
            fields.put("layers", maps.layers().size());
            fields.put("files", files);
            out.println(Json.line(fields));
        } else {
            out.println(
                    Figures.format(
                            "%d tokens, %d layers: %s and a picture per layer",
                            tokens.size(), maps.layers().size(), folder.resolve(PAGE)));
        }
        out.flush();
        return 0;
    }

    private List<String> write(AttentionMaps maps, List<String> tokens) throws IOException {
        Files.createDirectories(folder);
        List<String> files = new ArrayList<>();
        List<Png> pictures = new ArrayList<>();
        for (int layer = 0; layer < maps.layers().size(); layer++) {
            Path file = folder.resolve(Figures.format("layer-%02d.png", layer));
            Png picture = AttentionPicture.of(maps, layer);
            Files.write(file, picture.encoded());
            files.add(file.toString());
            pictures.add(picture);
        }
        Path page = folder.resolve(PAGE);
        AtomicFiles.writeString(page, AttentionPage.of(maps, tokens));
        files.add(page.toString());
        if (tensorboard) {
            try (EventFile events = EventFile.create(folder, InstantSource.system())) {
                for (int layer = 0; layer < pictures.size(); layer++) {
                    events.image("attention/layer " + layer, 0, pictures.get(layer));
                }
                files.add(events.path().toString());
            }
        }
        return files;
    }
}
