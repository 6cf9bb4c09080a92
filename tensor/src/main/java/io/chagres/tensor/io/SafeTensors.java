package io.chagres.tensor.io;

import io.chagres.tensor.DType;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Spec;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Tensors in safetensors files, mapped into memory and never copied through the heap.
///
/// Opens one file, or a checkpoint folder: `model.safetensors`, else the shards that
/// `model.safetensors.index.json` names. Every header is checked in full before anything is mapped,
/// so whatever opens is consistent: known types, no holes, no overlaps, nothing beyond the end.
/// Tensors may stand at any alignment. Values are in little-endian order, as on disk.
///
/// **A file that another process truncates while it is open** takes the mapped bytes away. Java
/// code that reads them gets an `InternalError`; native or machine code gets SIGBUS, which ends the
/// JVM. [#copyTo] turns the former into a [SafeTensorsException]. So hand native code a copy, or
/// make sure that nobody writes to the file in place: programs that replace it by a rename, as
/// [SafeTensorsWriter] does, are harmless.
///
/// May be used by any thread. Segments die with [#close].
///
/// Format: <https://github.com/huggingface/safetensors#format>
public final class SafeTensors implements AutoCloseable {
    /// The single file of a checkpoint folder.
    public static final String FILE = "model.safetensors";

    /// The list of shards of a checkpoint folder.
    public static final String INDEX = "model.safetensors.index.json";

    private record Located(MappedSafeTensors file, SafeTensorsHeader.Entry entry) {}

    private final Path path;
    private final Arena arena;
    private final List<MappedSafeTensors> files;
    private final Map<String, Located> tensors;

    private SafeTensors(
            Path path, Arena arena, List<MappedSafeTensors> files, Map<String, Located> tensors) {
        this.path = path;
        this.arena = arena;
        this.files = files;
        this.tensors = tensors;
    }

    /// Opens a file, an index file or a checkpoint folder.
    ///
    /// @throws SafeTensorsException when a file breaks the format
    /// @throws JsonException when the index does
    /// @throws IOException when a file is missing or cannot be read
    @SuppressWarnings("MustBeClosedChecker") // the result owns the arena
    public static SafeTensors open(Path path) throws IOException {
        Path file = path;
        if (Files.isDirectory(path)) {
            file = path.resolve(FILE);
            if (!Files.exists(file)) {
                file = path.resolve(INDEX);
                if (!Files.exists(file)) {
                    throw new FileNotFoundException(
                            path + ": holds neither " + FILE + " nor " + INDEX);
                }
            }
        }
        Arena arena = Arena.ofShared();
        List<MappedSafeTensors> files = new ArrayList<>();
        try {
            Map<String, Located> tensors =
                    file.toString().endsWith(".json")
                            ? sharded(file, arena, files)
                            : all(map(file, arena, files));
            return new SafeTensors(path, arena, files, tensors);
        } catch (IOException | RuntimeException e) {
            close(files, arena);
            throw e;
        }
    }

    private static MappedSafeTensors map(Path file, Arena arena, List<MappedSafeTensors> files)
            throws IOException {
        MappedSafeTensors mapped = MappedSafeTensors.open(file, arena);
        files.add(mapped);
        return mapped;
    }

    private static Map<String, Located> all(MappedSafeTensors file) {
        Map<String, Located> tensors = new LinkedHashMap<>();
        file.header().tensors().forEach((name, t) -> tensors.put(name, new Located(file, t)));
        return tensors;
    }

    private static Map<String, Located> sharded(
            Path index, Arena arena, List<MappedSafeTensors> files) throws IOException {
        Map<String, Located> tensors = new LinkedHashMap<>();
        Map<String, MappedSafeTensors> shards = new LinkedHashMap<>();
        for (var e : Json.read(index).object("weight_map").fields().entrySet()) {
            JsonNode field = e.getValue();
            String name = field.asString();
            MappedSafeTensors shard = shards.get(name);
            if (shard == null) {
                if (!isPlainName(name)) {
                    throw field.error(
                            JsonNode.quote(name) + " is not the plain name of a file beside it");
                }
                Path file = index.resolveSibling(name);
                if (!Files.isRegularFile(file)) {
                    throw field.error("there is no file " + JsonNode.quote(name));
                }
                shard = map(file, arena, files);
                shards.put(name, shard);
            }
            SafeTensorsHeader.Entry t = shard.header().tensors().get(e.getKey());
            if (t == null) {
                throw field.error("there is no such tensor in " + shard.path());
            }
            tensors.put(e.getKey(), new Located(shard, t));
        }
        return tensors;
    }

    private static boolean isPlainName(String name) {
        return !name.isEmpty()
                && name.length() <= 255
                && !name.equals(".")
                && !name.contains("..")
                && name.chars()
                        .noneMatch(c -> c == '/' || c == '\\' || c == ':' || c < ' ' || c == 0x7F);
    }

    /// The path that was opened.
    public Path path() {
        return path;
    }

    /// The files behind it: one, or the shards.
    public List<Path> files() {
        return files.stream().map(MappedSafeTensors::path).toList();
    }

    /// The tensors' names in the order of the header or the index.
    public List<String> names() {
        return List.copyOf(tensors.keySet());
    }

    /// Whether there is a tensor of that name.
    public boolean has(String name) {
        return tensors.containsKey(name);
    }

    /// Type and shape of a tensor.
    ///
    /// @throws SafeTensorsException when it is absent or its type is not supported
    public Spec spec(String name) {
        Located t = located(name);
        return new Spec(dtype(name, t), t.entry().shape());
    }

    /// A tensor's type as the file names it, which need not be supported: `F8_E4M3`.
    public String storedType(String name) {
        return located(name).entry().type().name();
    }

    /// Shape of a tensor of any type.
    public Shape shape(String name) {
        return located(name).entry().shape();
    }

    /// Bytes of a tensor of any type.
    public long bytes(String name) {
        SafeTensorsHeader.Entry t = located(name).entry();
        return t.end() - t.begin();
    }

    /// The mapped bytes of a tensor, read-only, at any alignment.
    ///
    /// @throws SafeTensorsException when it is absent or its type is not supported
    public MemorySegment segment(String name) {
        Located t = located(name);
        dtype(name, t);
        return t.file().segment(t.entry());
    }

    /// Tensors of one type and shape at equal distances in one file.
    ///
    /// @param bytes from the first one's first byte to the last one's last, read-only
    /// @param distance bytes from one to the next
    public record Stack(MemorySegment bytes, long distance) {}

    /// Tensors as a stack, so that they can be used as one without being copied; null when they do
    /// not lie so.
    ///
    /// @param names two or more
    /// @throws SafeTensorsException when one is absent or its type is not supported
    public @Nullable Stack stack(List<String> names) {
        Located first = located(names.get(0));
        long distance = located(names.get(1)).entry().begin() - first.entry().begin();
        long begin = first.entry().begin();
        for (String name : names) {
            Located t = located(name);
            if (t.file() != first.file()
                    || t.entry().begin() != begin
                    || !spec(name).equals(spec(names.get(0)))) {
                return null;
            }
            begin += distance;
        }
        return distance <= 0
                ? null
                : new Stack(
                        first.file().span(first.entry(), located(names.getLast()).entry()),
                        distance);
    }

    /// Copies a tensor's bytes into a segment of exactly its size.
    ///
    /// @throws SafeTensorsException when it is absent, its type is not supported, or the file was
    ///   truncated after it had been opened
    /// @throws IOException when the file cannot be read any more
    public void copyTo(String name, MemorySegment to) throws IOException {
        Located t = located(name);
        dtype(name, t);
        long bytes = t.entry().end() - t.entry().begin();
        if (to.byteSize() != bytes) {
            throw new IllegalArgumentException(
                    "tensor "
                            + JsonNode.quote(name)
                            + " has "
                            + bytes
                            + " bytes, its destination "
                            + to.byteSize());
        }
        t.file().copy(name, t.entry(), to);
    }

    /// The free text fields, for example `format`: `pt`. Those of all shards together.
    public Map<String, String> metadata() {
        Map<String, String> all = new LinkedHashMap<>();
        files.forEach(f -> f.header().metadata().forEach(all::putIfAbsent));
        return all;
    }

    private Located located(String name) {
        Located t = tensors.get(name);
        if (t == null) {
            throw new SafeTensorsException(
                    path.toString(), "there is no tensor " + JsonNode.quote(name));
        }
        return t;
    }

    private static DType dtype(String name, Located t) {
        DType dtype = t.entry().type().dtype();
        if (dtype == null) {
            throw new SafeTensorsException(
                    t.file().path().toString(),
                    "dtype "
                            + t.entry().type()
                            + " of tensor "
                            + JsonNode.quote(name)
                            + " is not supported");
        }
        return dtype;
    }

    /// Unmaps everything. Segments that were handed out cannot be used any more.
    @Override
    public void close() throws IOException {
        close(files, arena);
    }

    private static void close(List<MappedSafeTensors> files, Arena arena) throws IOException {
        if (arena.scope().isAlive()) {
            arena.close();
        }
        IOException first = null;
        for (MappedSafeTensors f : files) {
            try {
                f.close();
            } catch (IOException e) {
                first = first == null ? e : first;
            }
        }
        if (first != null) {
            throw first;
        }
    }
}
