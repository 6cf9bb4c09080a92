package io.chagres.train.data;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A tokenised corpus on disk: a folder `tokens-<key>` with the ids in `train.bin` and
/// `held_out.bin` and an `index.json` that says where each part lies.
///
/// The folder is written beside under another name, forced to the disk and renamed, so it is either
/// whole or not there.
final class TokenCache {
    private static final Logger LOG = LoggerFactory.getLogger(TokenCache.class);
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String TRAIN = "train.bin";
    private static final String HELD_OUT = "held_out.bin";
    private static final String INDEX = "index.json";

    private final Path root;
    private final Corpus corpus;
    private final CorpusScan scan;
    private final TextEncoding encoding;
    private final Path folder;
    private final int width;

    TokenCache(Path root, Corpus corpus, CorpusScan scan, TextEncoding encoding) {
        this.root = root;
        this.corpus = corpus;
        this.scan = scan;
        this.encoding = encoding;
        this.folder = root.resolve("tokens-" + scan.key().substring(0, 16));
        this.width = Tokens.width(encoding.vocabSize());
    }

    /// The cached tokens, after making them where they are missing or damaged.
    TokenizedCorpus get() throws IOException {
        TokenizedCorpus cached = read();
        if (cached != null) {
            LOG.info("tokens from {}", folder);
            return cached;
        }
        Files.createDirectories(root);
        Path fresh = Files.createDirectory(root.resolve(".tokens-" + UUID.randomUUID()));
        try {
            write(fresh);
            delete(folder);
            move(fresh);
        } finally {
            delete(fresh);
        }
        TokenizedCorpus written = read();
        if (written == null) {
            throw new IOException(folder + ": cannot be read right after it was written");
        }
        return written;
    }

    private void write(Path to) throws IOException {
        try (var train = new Tokens.Writer(to.resolve(TRAIN), width);
                var heldOut = new Tokens.Writer(to.resolve(HELD_OUT), width)) {
            var tokenizing = new Tokenizing(encoding, train, heldOut);
            tokenizing.run(corpus, scan.splits());
            train.finish();
            heldOut.finish();
            ObjectNode index = JSON.createObjectNode().put("key", scan.key()).put("width", width);
            index.set("train", toJson(tokenizing.trainParts()));
            index.set("held_out", toJson(tokenizing.heldOutParts()));
            Files.write(
                    to.resolve(INDEX),
                    JSON.writerWithDefaultPrettyPrinter().writeValueAsBytes(index),
                    StandardOpenOption.CREATE_NEW,
                    StandardOpenOption.WRITE,
                    StandardOpenOption.SYNC);
        }
    }

    /// Renames the finished folder. Another process may have been faster with the same one.
    private void move(Path fresh) throws IOException {
        try {
            Files.move(fresh, folder, StandardCopyOption.ATOMIC_MOVE);
        } catch (FileSystemException e) {
            if (!Files.isDirectory(folder)) {
                throw e;
            }
        }
        forceFolder(root);
    }

    private static void forceFolder(Path path) {
        try (FileChannel channel = FileChannel.open(path)) {
            channel.force(true);
        } catch (IOException e) {
            LOG.debug("{} cannot be forced to the disk on this system", path, e);
        }
    }

    private static void delete(Path path) throws IOException {
        if (Files.exists(path)) {
            List<Path> files;
            try (Stream<Path> list = Files.list(path)) {
                files = list.toList();
            }
            for (Path file : files) {
                Files.delete(file);
            }
            Files.delete(path);
        }
    }

    private @Nullable TokenizedCorpus read() throws IOException {
        if (!Files.isRegularFile(folder.resolve(INDEX))) {
            return null;
        }
        JsonNode index;
        try {
            index = JSON.readTree(Files.readAllBytes(folder.resolve(INDEX)));
        } catch (JacksonException e) {
            LOG.warn("{} is damaged and will be made again", folder);
            return null;
        }
        TokenDataset train = read(index, "train", TRAIN);
        TokenDataset heldOut = read(index, "held_out", HELD_OUT);
        if (!index.path("key").asText().equals(scan.key()) || train == null || heldOut == null) {
            LOG.warn("{} is damaged and will be made again", folder);
            return null;
        }
        return new TokenizedCorpus(train, heldOut, scan.key());
    }

    private @Nullable TokenDataset read(JsonNode index, String side, String file)
            throws IOException {
        List<TokenDataset.Part> parts = fromJson(index.path(side));
        long tokens = parts.stream().mapToLong(TokenDataset.Part::tokens).sum();
        Path path = folder.resolve(file);
        if (parts.size() != corpus.parts().size()
                || !Files.isRegularFile(path)
                || Files.size(path) != tokens * width) {
            return null;
        }
        return new TokenDataset(Tokens.map(path, width), corpus.domains(), parts, encoding.eosId());
    }

    private static ArrayNode toJson(List<TokenDataset.Part> parts) {
        ArrayNode array = JSON.createArrayNode();
        for (TokenDataset.Part part : parts) {
            array.addObject()
                    .put("domain", part.domain())
                    .put("offset", part.offset())
                    .put("tokens", part.tokens())
                    .put("documents", part.documents())
                    .put("bytes", part.bytes());
        }
        return array;
    }

    /// The weights are today's: they are not part of the key.
    private List<TokenDataset.Part> fromJson(JsonNode array) {
        var parts = new ArrayList<TokenDataset.Part>();
        for (JsonNode node : array) {
            if (parts.size() < corpus.parts().size()) {
                parts.add(
                        new TokenDataset.Part(
                                node.path("domain").asInt(),
                                corpus.parts().get(parts.size()).weight(),
                                node.path("offset").asLong(),
                                node.path("tokens").asLong(),
                                node.path("documents").asLong(),
                                node.path("bytes").asLong()));
            }
        }
        return parts;
    }
}
