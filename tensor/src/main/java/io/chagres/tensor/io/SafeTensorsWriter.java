package io.chagres.tensor.io;

import com.fasterxml.jackson.core.JsonGenerator;
import io.chagres.tensor.Spec;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Writes tensors as safetensors files. The bytes stream from their segments to the disk, and each
/// file replaces its predecessor only when it is complete (see [AtomicFiles]).
///
/// Inside a file wide types come first, otherwise tensors keep the order of their addition, and the
/// header is padded with spaces to a multiple of 8 bytes: so each tensor is aligned to its element
/// type.
public final class SafeTensorsWriter {
    private static final int CHUNK = 1 << 20;

    private record Item(String name, Spec spec, MemorySegment data) {}

    private final Map<String, Item> items = new LinkedHashMap<>();
    private final Map<String, String> metadata = new LinkedHashMap<>();

    /// Creates a writer without tensors, with the metadata `format`: `pt` that Hugging Face's
    /// loaders ask for.
    public SafeTensorsWriter() {
        metadata.put("format", "pt");
    }

    /// Adds or replaces a free text field.
    public SafeTensorsWriter metadata(String key, String value) {
        metadata.put(key, value);
        return this;
    }

    /// Adds a tensor. Its bytes are read when the file is written, not now.
    ///
    /// @param name its key in the file; each may be added once
    /// @param spec its type and shape
    /// @param data its elements, contiguous, in little-endian order: exactly `spec.bytes()` bytes
    public SafeTensorsWriter add(String name, Spec spec, MemorySegment data) {
        String quoted = "tensor " + JsonNode.quote(name);
        if (name.isEmpty() || name.equals(SafeTensorsHeader.METADATA)) {
            throw new IllegalArgumentException(quoted + ": not a name for a tensor");
        }
        if (data.byteSize() != spec.bytes()) {
            throw new IllegalArgumentException(
                    quoted
                            + ": "
                            + spec
                            + " takes "
                            + spec.bytes()
                            + " bytes, its segment has "
                            + data.byteSize());
        }
        if (items.putIfAbsent(name, new Item(name, spec, data)) != null) {
            throw new IllegalArgumentException(quoted + " was added twice");
        }
        return this;
    }

    /// Writes all tensors into one file.
    ///
    /// @throws IOException when that fails; a file that was there before is untouched then
    public void write(Path file) throws IOException {
        write(file, List.copyOf(items.values()));
    }

    /// Writes a checkpoint folder's weights: one `model.safetensors` if they fit into one shard,
    /// else shards and their index.
    ///
    /// The shards and the index are not replaced at one stroke, so the folder must not hold weights
    /// yet; to replace a checkpoint, do this inside [AtomicFiles#writeFolder].
    ///
    /// @param folder an existing folder
    /// @param maxShardBytes most bytes of tensors in one file; a larger tensor has its own
    /// @return the files written, without the index
    public List<Path> writeSharded(Path folder, long maxShardBytes) throws IOException {
        for (String name : List.of(SafeTensors.FILE, SafeTensors.INDEX)) {
            if (Files.exists(folder.resolve(name))) {
                throw new FileAlreadyExistsException(
                        folder.resolve(name).toString(), null, "the folder already holds weights");
            }
        }
        List<List<Item>> shards = shards(maxShardBytes);
        if (shards.size() == 1) {
            Path file = folder.resolve(SafeTensors.FILE);
            write(file, shards.getFirst());
            return List.of(file);
        }
        List<Path> files = new ArrayList<>();
        Map<String, String> weightMap = new LinkedHashMap<>();
        long total = 0;
        for (int i = 0; i < shards.size(); i++) {
            String name = "model-%05d-of-%05d.safetensors".formatted(i + 1, shards.size());
            for (Item item : shards.get(i)) {
                weightMap.put(item.name(), name);
                total += item.spec().bytes();
            }
            write(folder.resolve(name), shards.get(i));
            files.add(folder.resolve(name));
        }
        Map<String, Object> index = new LinkedHashMap<>();
        index.put("metadata", Map.of("total_size", total));
        index.put("weight_map", weightMap);
        Json.write(index, folder.resolve(SafeTensors.INDEX));
        return files;
    }

    private List<List<Item>> shards(long maxBytes) {
        if (maxBytes <= 0) {
            throw new IllegalArgumentException("maxShardBytes must be positive: " + maxBytes);
        }
        List<List<Item>> shards = new ArrayList<>();
        List<Item> shard = new ArrayList<>();
        long bytes = 0;
        for (Item item : items.values()) {
            long n = item.spec().bytes();
            if (!shard.isEmpty() && n > maxBytes - bytes) {
                shards.add(shard);
                shard = new ArrayList<>();
                bytes = 0;
            }
            shard.add(item);
            bytes += n;
        }
        shards.add(shard);
        return shards;
    }

    private void write(Path file, List<Item> unordered) throws IOException {
        List<Item> ordered = new ArrayList<>(unordered);
        ordered.sort(Comparator.comparingInt((Item i) -> i.spec().dtype().bytes()).reversed());
        ByteBuffer header = header(ordered);
        AtomicFiles.writeFile(
                file,
                channel -> {
                    writeFully(channel, header);
                    ByteBuffer staging = ByteBuffer.allocateDirect(0);
                    for (Item item : ordered) {
                        staging = stream(channel, item.data(), staging);
                    }
                });
    }

    /// Writes a segment; one on the heap goes through a staging buffer, made when first needed.
    private static ByteBuffer stream(FileChannel channel, MemorySegment data, ByteBuffer staging)
            throws IOException {
        ByteBuffer buffer = staging;
        for (long at = 0; at < data.byteSize(); at += CHUNK) {
            MemorySegment part = data.asSlice(at, Math.min(CHUNK, data.byteSize() - at));
            if (part.isNative()) {
                writeFully(channel, part.asByteBuffer());
            } else {
                buffer = buffer.capacity() == 0 ? ByteBuffer.allocateDirect(CHUNK) : buffer;
                MemorySegment.ofBuffer(buffer.clear()).copyFrom(part);
                writeFully(channel, buffer.limit((int) part.byteSize()));
            }
        }
        return buffer;
    }

    private static void writeFully(FileChannel channel, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }

    private ByteBuffer header(List<Item> ordered) throws IOException {
        ByteArrayOutputStream json = new ByteArrayOutputStream();
        try (JsonGenerator out =
                Json.factory(Json.MAX_DEPTH, Json.MAX_BYTES).createGenerator(json)) {
            out.writeStartObject();
            out.writeObjectFieldStart(SafeTensorsHeader.METADATA);
            for (Map.Entry<String, String> e : metadata.entrySet()) {
                out.writeStringField(e.getKey(), e.getValue());
            }
            out.writeEndObject();
            long offset = 0;
            for (Item item : ordered) {
                long end = Math.addExact(offset, item.spec().bytes());
                entry(out, item, offset, end);
                offset = end;
            }
            out.writeEndObject();
        }
        byte[] text = json.toByteArray();
        int padded = Math.ceilDiv(text.length, Long.BYTES) * Long.BYTES;
        if (padded > SafeTensorsHeader.MAX_LENGTH) {
            throw new IOException(
                    "a header of " + padded + " bytes is more than safetensors allows");
        }
        ByteBuffer header = ByteBuffer.allocate(Long.BYTES + padded).order(ByteOrder.LITTLE_ENDIAN);
        header.putLong(padded).put(text);
        header.put(" ".repeat(padded - text.length).getBytes(StandardCharsets.US_ASCII));
        return header.flip();
    }

    private static void entry(JsonGenerator out, Item item, long begin, long end)
            throws IOException {
        out.writeObjectFieldStart(item.name());
        out.writeStringField("dtype", StoredType.of(item.spec().dtype()).name());
        out.writeArrayFieldStart("shape");
        for (long d : item.spec().shape().toArray()) {
            out.writeNumber(d);
        }
        out.writeEndArray();
        out.writeArrayFieldStart("data_offsets");
        out.writeNumber(begin);
        out.writeNumber(end);
        out.writeEndArray();
        out.writeEndObject();
    }
}
