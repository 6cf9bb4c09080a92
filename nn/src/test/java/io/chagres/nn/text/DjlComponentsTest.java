package io.chagres.nn.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import io.chagres.nn.text.normalize.NormalizerReader;
import io.chagres.tensor.io.Json;
import io.chagres.tensor.io.JsonNode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Components of hand-made tokenizers on difficult and random text, with Hugging Face's own library
/// as the judge: same ids, ranges and decoded text.
class DjlComponentsTest {
    private static final List<String> DIFFICULT =
            List.of(
                    "",
                    " ",
                    "  two  spaces ",
                    "a-b--c-",
                    "-",
                    "Hello, world! naïve café",
                    "éá café 한",
                    "ﬁne ½ ① ｱﾞ ㎏ ﷺ ｶﾞ",
                    "中文字符 混排 English 漢字かなカナー한글ـabcабв",
                    "  カナ ー 12 a",
                    "😀 emoji👍🏽 👨\u200d👩 e\u0301\u0302\u0303",
                    "a\tb\nc\r\nd\u00a0e\u3000f\u200bg\u2028h\ufeffi\ufffdj\u1680k",
                    "\u0000n\u0001u\u0008l\u000b\u000e\u001f\u007f\u0080\u008f\u009fx",
                    "▁already ▁▁marked",
                    "hello unbelievable unhappiness",
                    "aaaa ab abc abcd aaaaab",
                    "<s>x</s> <pad>");

    @TempDir Path folder;

    @BeforeAll
    static void prepare(@TempDir Path small) throws IOException {
        Djl.require(small);
    }

    /// A tokenizer file with some components, given as JSON.
    private static String file(Map<String, String> parts) {
        Map<String, String> all = new LinkedHashMap<>();
        all.put("version", "\"1.0\"");
        all.put("truncation", "null");
        all.put("padding", "null");
        all.put(
                "added_tokens",
                """
                [{"id": 0, "content": "<s>", "special": true, "single_word": false,
                  "lstrip": false, "rstrip": false, "normalized": false},
                 {"id": 1, "content": "</s>", "special": true, "single_word": false,
                  "lstrip": false, "rstrip": false, "normalized": false}]\
                """);
        for (String stage : List.of("normalizer", "pre_tokenizer", "post_processor", "decoder")) {
            all.put(stage, "null");
        }
        all.put("model", unigram(false));
        all.putAll(parts);
        List<String> fields = new ArrayList<>();
        all.forEach((name, value) -> fields.add("\"" + name + "\": " + value));
        return "{" + String.join(",\n", fields) + "}";
    }

    private static String unigram(boolean fallback) {
        List<List<Object>> vocab = new ArrayList<>();
        vocab.add(List.of("<s>", 0.0));
        vocab.add(List.of("</s>", 0.0));
        vocab.add(List.of("<unk>", 0.0));
        String pieces =
                "▁ a b c ab abc aa the ▁the h e l o hello ▁hello un believ able ness happi 中 中文 "
                        + "カ カナ 한 é e\u0301 😀 1 2 12 - , ! ▁▁ ▁a";
        double score = -1.5;
        for (String piece : pieces.split(" ")) {
            vocab.add(List.of(piece, score));
            score -= 0.37;
        }
        for (int b = 0; b < 256 && fallback; b++) {
            vocab.add(List.of("<0x%02X>".formatted(b), -20.0));
        }
        return Json.line(
                Map.of("type", "Unigram", "unk_id", 2, "vocab", vocab, "byte_fallback", fallback));
    }

    private void compare(String json, boolean exact) throws IOException {
        Files.writeString(folder.resolve("tokenizer.json"), json);
        Tokenizer ours = Tokenizer.load(folder);
        List<String> texts = new ArrayList<>(DIFFICULT);
        var random = new RandomText(77);
        for (int i = 0; i < 150; i++) {
            texts.add(wellKnown(random.next(12)));
        }
        try (HuggingFaceTokenizer theirs = Djl.open(folder)) {
            for (String text : texts) {
                Djl.compare(ours, theirs, text, true, exact);
                int[] ids = ours.encode(text);
                assertThat(Streams.decode(ours, ids, false))
                        .as("stream of '%s'", text)
                        .isEqualTo(ours.decode(ids, false));
            }
        }
    }

    // The judge's tables are of an older Unicode: characters it may not know are replaced.
    private static String wellKnown(String text) {
        var out = new StringBuilder();
        text.codePoints()
                .map(c -> c < 0x590 || DIFFICULT.toString().indexOf(c) >= 0 ? c : 'q')
                .forEach(out::appendCodePoint);
        return out.toString();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{'type':'Nmt'}",
                "{'type':'ByteLevel'}",
                "{'type':'Sequence','normalizers':[{'type':'Nmt'},{'type':'NFKC'},"
                        + "{'type':'Replace','pattern':{'Regex':' {2,}'},'content':' '},"
                        + "{'type':'Lowercase'}]}",
                "{'type':'Sequence','normalizers':[{'type':'NFD'},{'type':'StripAccents'},"
                        + "{'type':'Strip','strip_left':true,'strip_right':true},"
                        + "{'type':'Prepend','prepend':'▁'}]}",
                "{'type':'NFKD'}",
                "{'type':'Replace','pattern':{'String':'a'},'content':'abc'}",
                "{'type':'Replace','pattern':{'String':'ab'},'content':''}",
            })
    void normalizers(String json) throws IOException {
        compare(file(Map.of("normalizer", json.replace('\'', '"'))), false);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{'type':'CharDelimiterSplit','delimiter':'-'}",
                "{'type':'CharDelimiterSplit','delimiter':'한'}",
                "{'type':'UnicodeScripts'}",
                "{'type':'Sequence','pretokenizers':[{'type':'UnicodeScripts'},"
                        + "{'type':'Digits','individual_digits':true},{'type':'Metaspace',"
                        + "'replacement':'▁','prepend_scheme':'first','split':true}]}",
                "{'type':'Whitespace'}",
                "{'type':'WhitespaceSplit'}",
                "{'type':'BertPreTokenizer'}",
                "{'type':'Punctuation','behavior':'Contiguous'}",
                "{'type':'Split','pattern':{'String':'-'},'behavior':'MergedWithNext','invert':true}",
                "{'type':'Metaspace','replacement':'▁','prepend_scheme':'always','split':false}",
            })
    void preTokenizers(String json) throws IOException {
        compare(file(Map.of("pre_tokenizer", json.replace('\'', '"'))), true);
    }

    @Test
    void fixedLength() {
        String json = file(Map.of("pre_tokenizer", "{\"type\": \"FixedLength\", \"length\": 2}"));
        Tokenizer ours = Tokenizer.of("test", Map.of("tokenizer.json", json));
        Encoding encoding = ours.encodeWithOffsets("xy😀z😀ab", true);
        List<Integer> ends = new ArrayList<>();
        for (int i = 0; i < encoding.size(); i++) {
            ends.add(encoding.end(i));
        }
        // Unknown characters of one piece are one token.
        assertThat(ends).startsWith(2).endsWith(9);
        assertThat(encoding.start(1)).isEqualTo(2);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{'type':'CTC','pad_token':'<s>','word_delimiter_token':'b','cleanup':true}",
                "{'type':'CTC','pad_token':'<s>','word_delimiter_token':'b','cleanup':false}",
                "{'type':'Sequence','decoders':[{'type':'Replace','pattern':{'String':'▁'},"
                        + "'content':' '},{'type':'ByteFallback'},{'type':'Fuse'},"
                        + "{'type':'Strip','content':' ','start':1,'stop':0}]}",
                "{'type':'Metaspace','replacement':'▁','prepend_scheme':'always','split':true}",
                "{'type':'WordPiece','prefix':'a','cleanup':true}",
                "{'type':'BPEDecoder','suffix':'c'}",
                "{'type':'ByteLevel','add_prefix_space':true,'trim_offsets':true,'use_regex':true}",
            })
    void decoders(String json) throws IOException {
        compare(file(Map.of("decoder", json.replace('\'', '"'), "model", unigram(true))), true);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{'type':'BertProcessing','sep':['</s>',1],'cls':['<s>',0]}",
                "{'type':'RobertaProcessing','sep':['</s>',1],'cls':['<s>',0],"
                        + "'trim_offsets':false,'add_prefix_space':true}",
                "{'type':'Sequence','processors':[{'type':'ByteLevel','add_prefix_space':true,"
                        + "'trim_offsets':false,'use_regex':true},{'type':'BertProcessing',"
                        + "'sep':['</s>',1],'cls':['<s>',0]}]}",
                "{'type':'TemplateProcessing','single':[{'SpecialToken':{'id':'X','type_id':0}},"
                        + "{'Sequence':{'id':'A','type_id':0}},{'SpecialToken':{'id':'</s>',"
                        + "'type_id':0}}],'pair':[{'Sequence':{'id':'A','type_id':0}},"
                        + "{'Sequence':{'id':'B','type_id':1}}],'special_tokens':{'X':{'id':'X',"
                        + "'ids':[0,1],'tokens':['<s>','</s>']},'</s>':{'id':'</s>','ids':[1],"
                        + "'tokens':['</s>']}}}",
            })
    void postProcessors(String json) throws IOException {
        compare(file(Map.of("post_processor", json.replace('\'', '"'))), true);
    }

    @Test
    void unigramModels() throws IOException {
        for (boolean fallback : new boolean[] {false, true}) {
            String metaspace =
                    "{\"type\": \"Metaspace\", \"replacement\": \"▁\", \"prepend_scheme\":"
                            + " \"always\", \"split\": true}";
            compare(
                    file(
                            Map.of(
                                    "model",
                                    unigram(fallback),
                                    "pre_tokenizer",
                                    metaspace,
                                    "decoder",
                                    metaspace)),
                    true);
        }
    }

    @Test
    void wordPieceModels() throws IOException {
        for (String prefix : List.of("##", "@", "")) {
            for (int most : new int[] {100, 5}) {
                Map<String, Integer> vocab = new LinkedHashMap<>();
                List.of("<s>", "</s>", "[UNK]").forEach(token -> vocab.put(token, vocab.size()));
                for (String word : "a b c ab un hello 中 😀 - , é the 12".split(" ")) {
                    vocab.putIfAbsent(word, vocab.size());
                    vocab.putIfAbsent(prefix + word, vocab.size());
                }
                for (String more : "believ able happi ness 文 lo e".split(" ")) {
                    vocab.putIfAbsent(prefix + more, vocab.size());
                }
                Map<String, Object> model = new LinkedHashMap<>();
                model.put("type", "WordPiece");
                model.put("unk_token", "[UNK]");
                model.put("continuing_subword_prefix", prefix);
                model.put("max_input_chars_per_word", most);
                model.put("vocab", vocab);
                compare(
                        file(
                                Map.of(
                                        "model",
                                        Json.line(model),
                                        "pre_tokenizer",
                                        "{\"type\": \"BertPreTokenizer\"}",
                                        "normalizer",
                                        "{\"type\": \"BertNormalizer\", \"clean_text\": true,"
                                                + " \"handle_chinese_chars\": true,"
                                                + " \"strip_accents\": null, \"lowercase\": true}",
                                        "decoder",
                                        "{\"type\": \"WordPiece\", \"prefix\": \"##\", \"cleanup\":"
                                                + " true}")),
                        false);
            }
        }
    }

    @Test
    void compiledNormalization() throws IOException {
        Map<String, String> rules = new LinkedHashMap<>();
        rules.put("ﬁ", "fi");
        rules.put("½", "1/2");
        rules.put("é", "e");
        rules.put("e\u0301", "E");
        rules.put("\u3000", " ");
        rules.put("\t", " ");
        rules.put("カ", "か");
        rules.put("ab", "X");
        rules.put("abc", "Y");
        rules.put("\u200b", "");
        rules.put("\r\n", "\n");
        rules.put("e", "e");
        String json =
                "{\"type\": \"Precompiled\", \"precompiled_charsmap\": \""
                        + CharsMap.compile(rules)
                        + "\"}";
        compare(file(Map.of("normalizer", json)), false);
    }

    /// Compiles rules as SentencePiece does: a double array of UTF-8 bytes, then the replacements.
    private static final class CharsMap {
        private static final class Node {
            final Map<Integer, Node> children = new TreeMap<>();
            int value = -1;
        }

        private final int[] units = new int[1 << 16];
        private final boolean[] used = new boolean[1 << 16];

        static String compile(Map<String, String> rules) {
            var root = new Node();
            var replacements = new ByteArrayOutputStream();
            rules.forEach((from, to) -> {
                Node node = root;
                for (byte b : from.getBytes(StandardCharsets.UTF_8)) {
                    node = node.children.computeIfAbsent(b & 0xFF, label -> new Node());
                }
                node.value = replacements.size();
                replacements.writeBytes((to + "\0").getBytes(StandardCharsets.UTF_8));
            });
            var map = new CharsMap();
            map.used[0] = true;
            map.place(root, 0);
            ByteBuffer out =
                    ByteBuffer.allocate(4 + 4 * map.units.length + replacements.size())
                            .order(ByteOrder.LITTLE_ENDIAN);
            out.putInt(4 * map.units.length);
            for (int unit : map.units) {
                out.putInt(unit);
            }
            out.put(replacements.toByteArray());
            return Base64.getEncoder().encodeToString(out.array());
        }

        // Finds room for a node's children, and links the unit at `at` to it.
        private void place(Node node, int at) {
            int base = 256;
            while (!fits(node, base)) {
                base++;
            }
            units[at] |= (at ^ base) << 10;
            if (node.value >= 0) {
                units[at] |= 1 << 8;
                used[base] = true;
                units[base] = node.value | 1 << 31;
            }
            int children = base;
            node.children.forEach((label, child) -> {
                used[children ^ label] = true;
                units[children ^ label] = label;
            });
            node.children.forEach((label, child) -> place(child, children ^ label));
        }

        private boolean fits(Node node, int base) {
            boolean free = !used[base];
            for (int label : node.children.keySet()) {
                free &= !used[base ^ label];
            }
            return free;
        }
    }

    @Test
    void whatIsNotACompiledTableIsSaidSo() {
        for (String bad : List.of("!!", "", "AAAA", "/////w==", "BQAAAAAAAAA=")) {
            String json = "{\"type\": \"Precompiled\", \"precompiled_charsmap\": \"" + bad + "\"}";
            JsonNode node = Json.parse(json, "test");
            assertThatThrownBy(() -> NormalizerReader.read(node))
                    .as(bad)
                    .hasMessageContaining("precompiled_charsmap");
        }
    }
}
