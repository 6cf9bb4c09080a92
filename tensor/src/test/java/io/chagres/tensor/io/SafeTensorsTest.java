package io.chagres.tensor.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.chagres.tensor.DType;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Spec;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SafeTensorsTest {
    @TempDir Path dir;

    private Path file(String header, int dataBytes) throws IOException {
        return RawFile.write(dir.resolve("x.safetensors"), header, dataBytes);
    }

    private static String tensor(String dtype, String shape, long begin, long end) {
        return "{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":[%d,%d]}"
                .formatted(dtype, shape, begin, end);
    }

    private void assertRefused(String header, int dataBytes, String... words) throws IOException {
        Path file = file(header, dataBytes);
        assertThatThrownBy(() -> SafeTensors.open(file).close())
                .isInstanceOf(SafeTensorsException.class)
                .hasMessageStartingWith(file + ": ")
                .hasMessageContainingAll(words);
    }

    @Test
    void readsTensorsAtAnyAlignment() throws IOException {
        Path file =
                file(
                        "{\"b\":%s,\"__metadata__\":{\"format\":\"pt\"},\"a\":%s,\"none\":%s} "
                                .formatted(
                                        tensor("BOOL", "[3]", 0, 3),
                                        tensor("F32", "[2,1]", 3, 11),
                                        tensor("I64", "[0,5]", 11, 11)),
                        11);
        try (SafeTensors tensors = SafeTensors.open(file)) {
            assertThat(tensors.names()).containsExactly("b", "a", "none");
            assertThat(tensors.spec("a")).isEqualTo(new Spec(DType.F32, Shape.of(2, 1)));
            assertThat(tensors.shape("none")).isEqualTo(Shape.of(0, 5));
            assertThat(tensors.metadata()).containsOnly(Map.entry("format", "pt"));
            assertThat(tensors.files()).containsExactly(file);
            assertThat(tensors.has("a")).isTrue();
            assertThat(tensors.has("c")).isFalse();
            MemorySegment a = tensors.segment("a");
            assertThat(a.byteSize()).isEqualTo(8).isEqualTo(tensors.bytes("a"));
            assertThat(a.isReadOnly()).isTrue();
            assertThat(a.get(ValueLayout.JAVA_BYTE, 0)).isEqualTo((byte) (3 * 7 + 1));
            assertThat(tensors.segment("none").byteSize()).isZero();
            assertThatThrownBy(() -> tensors.segment("c"))
                    .isInstanceOf(SafeTensorsException.class)
                    .hasMessageContaining("no tensor \"c\"");
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment copy = arena.allocate(8);
                tensors.copyTo("a", copy);
                assertThat(copy.mismatch(a)).isEqualTo(-1);
                assertThatThrownBy(() -> tensors.copyTo("a", arena.allocate(9)))
                        .isInstanceOf(IllegalArgumentException.class);
            }
        }
    }

    @Test
    void closingUnmaps() throws IOException {
        SafeTensors tensors =
                SafeTensors.open(file("{\"a\":" + tensor("I8", "[4]", 0, 4) + "}", 4));
        MemorySegment a = tensors.segment("a");
        tensors.close();
        tensors.close();
        assertThatThrownBy(() -> a.get(ValueLayout.JAVA_BYTE, 0))
                .isInstanceOf(IllegalStateException.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"U8", "F8_E4M3", "F8_E5M2"})
    void unsupportedTypesMatterOnlyWhenAskedFor(String type) throws IOException {
        Path file =
                file(
                        "{\"a\":%s,\"q\":%s}"
                                .formatted(tensor("F32", "[1]", 0, 4), tensor(type, "[2]", 4, 6)),
                        6);
        try (SafeTensors tensors = SafeTensors.open(file)) {
            assertThat(tensors.segment("a").byteSize()).isEqualTo(4);
            assertThat(tensors.storedType("q")).isEqualTo(type);
            assertThat(tensors.shape("q")).isEqualTo(Shape.of(2));
            assertThatThrownBy(() -> tensors.segment("q"))
                    .isInstanceOf(SafeTensorsException.class)
                    .hasMessage(file + ": dtype " + type + " of tensor \"q\" is not supported");
            assertThatThrownBy(() -> tensors.spec("q")).isInstanceOf(SafeTensorsException.class);
        }
    }

    @Test
    void subByteTypesCountTheirBits() throws IOException {
        try (SafeTensors tensors =
                SafeTensors.open(file("{\"q\":" + tensor("F4", "[3,2]", 0, 3) + "}", 3))) {
            assertThat(tensors.bytes("q")).isEqualTo(3);
        }
        assertRefused("{\"q\":" + tensor("F4", "[3]", 0, 1) + "}", 1, "\"q\"", "inside a byte");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "0|no tensors, data too long|{}|1|0 but the file holds 1",
                "1|truncated|{'a':<F32 [2] [0,8]>}|7|truncated",
                "2|type|{'a':<F33 [2] [0,8]>}|8|dtype: unknown",
                "3|kind|{'a':{'dtype':32,'shape':[2],'data_offsets':[0,8]}}|8|expected a string",
                "4|span|{'a':<F32 [2] [0,4]>}|4|takes 8",
                "5|negative|{'a':<F32 [-2] [0,8]>}|8|-2 is out",
                "6|fraction|{'a':<I8 [2.0] [0,2]>}|2|fraction",
                "7|big|{'a':<I8 [1] [0,99999999999999999999]>}|1|out of",
                "8|overflow|{'a':<F64 [4294967296,4294967296] [0,0]>}|0|too large",
                "9|overflow of bits|{'a':<F64 [2305843009213693952] [0,0]>}|0|too large",
                "10|reversed|{'a':<I8 [0] [2,0]>}|2|[begin, end]",
                "11|three|{'a':<I8 [2] [0,2,2]>}|2|[begin, end]",
                "12|missing|{'a':{'dtype':'I8','shape':[2]}}|2|data_offsets: missing",
                "13|twice|{'a':{'dtype':'I8','dtype':'I8','shape':[2]}}|2|dtype: comes twice",
                "14|not an object|{'a':7}|0|expected an object",
                "15|metadata|{'__metadata__':{'k':1}}|0|expected a string",
                "16|metadata twice|{'__metadata__':{},'__metadata__':{}}|0|__ comes twice",
                "17|metadata key twice|{'__metadata__':{'k':'','k':''}}|0|\"k\": comes twice",
                "18|not JSON|{'a':|0|header is not JSON",
                "19|a list|[]|0|expected an object",
                "20|empty||0|expected an object",
                "21|trailing|{} {}|0|text after the end",
            })
    void refusesWrongHeaders(
            int number, String why, @Nullable String header, int bytes, String words)
            throws IOException {
        String text =
                (header == null ? "" : header)
                        .replaceAll(
                                "<(\\S+) (\\S+) (\\S+)>",
                                "{'dtype':'$1','shape':$2,'data_offsets':$3}")
                        .replace('\'', '"');
        assertRefused(text, bytes, words);
    }

    @Test
    void refusesOverlapsHolesAndRepeatedNames() throws IOException {
        String first = tensor("I8", "[4]", 0, 4);
        assertRefused(
                "{\"a\":%s,\"b\":%s}".formatted(first, tensor("I8", "[4]", 3, 7)),
                7,
                "tensor \"b\"",
                "overlaps tensor \"a\"");
        assertRefused(
                "{\"a\":%s,\"b\":%s}".formatted(first, tensor("I8", "[4]", 0, 4)), 4, "overlaps");
        assertRefused(
                "{\"a\":%s,\"b\":%s}".formatted(first, tensor("I8", "[3]", 5, 8)),
                8,
                "tensor \"b\"",
                "hole");
        assertRefused("{\"a\":" + tensor("I8", "[4]", 1, 5) + "}", 5, "hole");
        assertRefused("{\"a\":%s,\"a\":%s}".formatted(first, first), 4, "\"a\" comes twice");
    }

    @Test
    void refusesWrongHeaderLengths() throws IOException {
        Path file = dir.resolve("x.safetensors");
        byte[] header = {'{', '}'};
        for (long length : new long[] {3, 99_000_000, 100_000_001, Long.MAX_VALUE, -1}) {
            Files.write(file, RawFile.bytes(length, header, new byte[0]));
            assertThatThrownBy(() -> SafeTensors.open(file))
                    .isInstanceOf(SafeTensorsException.class)
                    .hasMessageStartingWith(file + ": header length: ")
                    .hasMessageContaining(Long.toUnsignedString(length));
        }
        Files.write(file, new byte[7]);
        assertThatThrownBy(() -> SafeTensors.open(file))
                .isInstanceOf(SafeTensorsException.class)
                .hasMessageContaining("7 of its 8 bytes");
    }

    @Test
    void refusesDeepHeadersAndBrokenText() throws IOException {
        assertRefused("{\"a\":{\"x\":" + "[".repeat(50_000), 0, "not JSON", "depth");
        Path file = dir.resolve("x.safetensors");
        byte[] header = {'{', '"', (byte) 0xFF, '"', ':', '1', '}'};
        Files.write(file, RawFile.bytes(header.length, header, new byte[0]));
        assertThatThrownBy(() -> SafeTensors.open(file))
                .isInstanceOf(SafeTensorsException.class)
                .hasMessageContaining("UTF-8");
    }

    @Test
    void aFileCutShortWhileOpenIsAnExceptionNotACrash() throws IOException {
        int n = 1 << 20;
        Path file = file("{\"a\":" + tensor("I8", "[" + n + "]", 0, n) + "}", n);
        try (SafeTensors tensors = SafeTensors.open(file);
                Arena arena = Arena.ofConfined()) {
            MemorySegment to = arena.allocate(n);
            tensors.copyTo("a", to);
            try (RandomAccessFile other = new RandomAccessFile(file.toFile(), "rw")) {
                other.setLength(4096);
            }
            assertThatThrownBy(() -> tensors.copyTo("a", to))
                    .isInstanceOf(SafeTensorsException.class)
                    .hasMessageContainingAll(file.toString(), "\"a\"", "truncated");
        }
    }

    @Test
    void aPageThatIsGoneDuringTheCopyIsAnExceptionToo() throws IOException {
        int n = 1 << 20;
        Path file = file("{\"a\":" + tensor("I8", "[" + n + "]", 0, n) + "}", n);
        try (Arena arena = Arena.ofShared();
                MappedSafeTensors mapped = MappedSafeTensors.open(file, arena)) {
            try (RandomAccessFile other = new RandomAccessFile(file.toFile(), "rw")) {
                other.setLength(4096);
            }
            var entry = mapped.header().tensors().values().iterator().next();
            assertThatThrownBy(() -> mapped.copyGuarded("a", entry, arena.allocate(n)))
                    .isInstanceOf(SafeTensorsException.class)
                    .hasCauseInstanceOf(InternalError.class)
                    .hasMessageContainingAll(file.toString(), "\"a\"", "truncated");
        }
    }

    @Test
    void refusesWhatIsNotAFile() throws IOException {
        assertThatThrownBy(() -> SafeTensors.open(dir.resolve("none.safetensors")))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("none.safetensors");
        assertThatThrownBy(() -> SafeTensors.open(dir))
                .isInstanceOf(FileNotFoundException.class)
                .hasMessageContainingAll(dir.toString(), SafeTensors.FILE, SafeTensors.INDEX);
        Files.createDirectory(dir.resolve(SafeTensors.FILE));
        assertThatThrownBy(() -> SafeTensors.open(dir))
                .isInstanceOf(SafeTensorsException.class)
                .hasMessageContaining("not a regular file");
    }

    @Test
    void readsShards() throws IOException {
        RawFile.write(
                dir.resolve("s1.safetensors"),
                "{\"a\":%s,\"unlisted\":%s}"
                        .formatted(tensor("I8", "[4]", 0, 4), tensor("I8", "[1]", 4, 5)),
                5);
        RawFile.write(
                dir.resolve("s2.safetensors"), "{\"b\":" + tensor("F32", "[1]", 0, 4) + "}", 4);
        index("{\"b\":\"s2.safetensors\",\"a\":\"s1.safetensors\"}");
        try (SafeTensors tensors = SafeTensors.open(dir)) {
            assertThat(tensors.names()).containsExactly("b", "a");
            assertThat(tensors.spec("b").dtype()).isEqualTo(DType.F32);
            assertThat(tensors.segment("a").byteSize()).isEqualTo(4);
            assertThat(tensors.files()).hasSize(2);
        }
        index("{\"b\":\"s1.safetensors\"}");
        assertThatThrownBy(() -> SafeTensors.open(dir))
                .isInstanceOf(JsonException.class)
                .hasMessageContainingAll(SafeTensors.INDEX, "weight_map.b", "s1.safetensors");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "../s1.safetensors",
                "/etc/passwd",
                "sub/s.safetensors",
                "..",
                ".",
                "",
                "sub\\\\s",
                "C:x",
                "a\\u0000b",
                "a..b"
            })
    void refusesShardNamesThatLeaveTheFolder(String name) throws IOException {
        index("{\"a\":\"" + name + "\"}");
        assertThatThrownBy(() -> SafeTensors.open(dir))
                .isInstanceOf(JsonException.class)
                .hasMessageContainingAll(SafeTensors.INDEX, "weight_map.a", "plain name");
    }

    @Test
    void namesMissingShards() throws IOException {
        index("{\"a\":\"gone.safetensors\"}");
        assertThatThrownBy(() -> SafeTensors.open(dir))
                .isInstanceOf(JsonException.class)
                .hasMessageContainingAll("weight_map.a", "gone.safetensors");
        Files.writeString(dir.resolve(SafeTensors.INDEX), "{}");
        assertThatThrownBy(() -> SafeTensors.open(dir)).hasMessageContaining("weight_map: missing");
    }

    private void index(String weightMap) throws IOException {
        Files.writeString(
                dir.resolve(SafeTensors.INDEX),
                "{\"metadata\":{\"total_size\":9},\"weight_map\":" + weightMap + "}");
    }
}
