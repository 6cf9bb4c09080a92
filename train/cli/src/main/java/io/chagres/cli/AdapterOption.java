package io.chagres.cli;

import io.chagres.nn.text.chat.ChatTemplate;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// The option for an adapter to attach to a model.
final class AdapterOption {
    @Option(
            names = "--adapter",
            paramLabel = "FOLDER",
            description =
                    "Folder of an adapter for the model, as finetune or PEFT writes it. Default:"
                            + " none.")
    private @Nullable Path folder;

    /// The adapter's folder; null for none.
    @Nullable Path folder() {
        return folder;
    }

    /// The chat template that goes with a model: the adapter's, else its own.
    Optional<ChatTemplate> findTemplate(Path model) throws IOException {
        Path own = folder;
        Optional<ChatTemplate> trained = own == null ? Optional.empty() : ChatTemplate.find(own);
        return trained.isPresent() ? trained : ChatTemplate.find(model);
    }

    /// As [#findTemplate], for a model that must have one.
    ///
    /// @throws IOException when there is none
    ChatTemplate template(Path model) throws IOException {
        Optional<ChatTemplate> found = findTemplate(model);
        return found.isPresent() ? found.get() : ChatTemplate.load(model);
    }
}
