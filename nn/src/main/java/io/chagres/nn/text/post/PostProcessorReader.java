package io.chagres.nn.text.post;

import io.chagres.nn.text.model.Vocabulary;
import io.chagres.tensor.io.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;
import org.eclipse.collections.impl.list.mutable.primitive.IntArrayList;
import org.jspecify.annotations.Nullable;

/// Builds post-processors from their JSON descriptions. Templates are read for single texts; those
/// for pairs are not used.
public final class PostProcessorReader {
    private final IntFunction<@Nullable String> tokenOf;

    private PostProcessorReader(IntFunction<@Nullable String> tokenOf) {
        this.tokenOf = tokenOf;
    }

    /// Reads one post-processor.
    ///
    /// @param tokenOf the token with an id
    /// @throws io.chagres.tensor.io.JsonException when the type is unknown or a field is wrong
    public static PostProcessor read(JsonNode json, IntFunction<@Nullable String> tokenOf) {
        return new PostProcessorReader(tokenOf).read(json);
    }

    private PostProcessor read(JsonNode json) {
        String type = json.string("type");
        return switch (type) {
            case "ByteLevel" -> trim(json);
            case "TemplateProcessing" -> template(json);
            case "BertProcessing" -> around(json);
            case "RobertaProcessing" -> PostProcessor.sequence(List.of(trim(json), around(json)));
            case "Sequence" -> sequence(json.list("processors"));
            default ->
                    throw json.get("type")
                            .error(
                                    "unknown post-processor '"
                                            + type
                                            + "'; known are ByteLevel, TemplateProcessing, BertProcessing,"
                                            + " RobertaProcessing, Sequence");
        };
    }

    private PostProcessor trim(JsonNode json) {
        return json.bool("trim_offsets", true)
                ? new TrimRanges(json.bool("add_prefix_space", true), tokenOf)
                : PostProcessor.sequence(List.of());
    }

    private static PostProcessor around(JsonNode json) {
        return PostProcessor.around(
                new int[] {tokenAndId(json.get("cls"))}, new int[] {tokenAndId(json.get("sep"))});
    }

    private static int tokenAndId(JsonNode json) {
        List<JsonNode> pair = json.asList();
        if (pair.size() != 2) {
            throw json.error("expected a token and its id");
        }
        return pair.get(1).asInt(0, Vocabulary.MAX_ID);
    }

    private static PostProcessor template(JsonNode json) {
        JsonNode known = json.object("special_tokens");
        var before = new IntArrayList();
        var after = new IntArrayList();
        boolean textSeen = false;
        for (JsonNode piece : json.list("single")) {
            if (piece.has("Sequence")) {
                if (textSeen) {
                    throw piece.error("the text may stand only once in the template");
                }
                textSeen = true;
            } else {
                String id = piece.object("SpecialToken").string("id");
                for (JsonNode one : known.object(id).list("ids")) {
                    (textSeen ? after : before).add(one.asInt(0, Vocabulary.MAX_ID));
                }
            }
        }
        if (!textSeen) {
            throw json.get("single").error("the template has no place for the text");
        }
        return PostProcessor.around(before.toArray(), after.toArray());
    }

    private PostProcessor sequence(List<JsonNode> parts) {
        List<PostProcessor> all = new ArrayList<>();
        for (JsonNode part : parts) {
            all.add(read(part));
        }
        return PostProcessor.sequence(all);
    }
}
