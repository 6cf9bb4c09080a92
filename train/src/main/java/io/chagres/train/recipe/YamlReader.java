package io.chagres.train.recipe;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLParser;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Reads YAML text into a [Node] tree, within bounds: depth, number of nodes, no aliases (a few
/// lines of them can stand for billions of nodes), no key twice, one document.
final class YamlReader {
    private static final int MAX_DEPTH = 16;
    private static final int MAX_NODES = 100_000;
    private static final YAMLFactory YAML = new YAMLFactory();

    private final String file;
    private final YAMLParser parser;
    private int nodes;

    private YamlReader(String file, YAMLParser parser) {
        this.file = file;
        this.parser = parser;
    }

    /// The tree of a text; [Node.Nothing] when it is empty.
    ///
    /// @param file what errors call it
    /// @throws RecipeException when it is not YAML or beyond the bounds
    static Node read(String file, String yaml) {
        try (YAMLParser parser = YAML.createParser(yaml)) {
            var reader = new YamlReader(file, parser);
            JsonToken first = parser.nextToken();
            Node root = first == null ? new Node.Nothing() : reader.node(first, "", 0);
            if (first != null && parser.nextToken() != null) {
                throw reader.error("", "a recipe is one document, but here a second one begins");
            }
            return root;
        } catch (JacksonException e) {
            throw notYaml(file, e.getLocation(), e.getOriginalMessage());
        } catch (RecipeException e) {
            throw e;
        } catch (IOException | RuntimeException e) {
            // The scanner underneath lets some of its own unchecked exceptions through.
            throw notYaml(file, null, e.getMessage());
        }
    }

    private static RecipeException notYaml(
            String file, @Nullable JsonLocation at, @Nullable String problem) {
        String place = at == null ? "" : ", line " + at.getLineNr();
        String first = problem == null ? "unreadable" : problem.lines().findFirst().orElse("");
        return new RecipeException(file, "", file + place + ": not valid YAML: " + first);
    }

    private RecipeException error(String key, String problem) {
        int line = parser.currentTokenLocation().getLineNr();
        String at = key.isEmpty() ? "" : " at " + key;
        return new RecipeException(
                file, key, "%s, line %d%s: %s".formatted(file, line, at, problem));
    }

    private Node node(JsonToken token, String path, int depth) throws IOException {
        if (++nodes > MAX_NODES) {
            throw error(path, "more than " + MAX_NODES + " values");
        }
        if (depth > MAX_DEPTH) {
            throw error(path, "nested deeper than " + MAX_DEPTH + " levels");
        }
        if (parser.isCurrentAlias()) {
            throw error(path, "aliases ('*name') are not allowed in a recipe");
        }
        return switch (token) {
            case START_OBJECT -> mapping(path, depth);
            case START_ARRAY -> sequence(path, depth);
            case VALUE_NULL -> new Node.Nothing();
            default -> new Node.Scalar(parser.getText());
        };
    }

    private Node mapping(String path, int depth) throws IOException {
        Node.Mapping mapping = Node.Mapping.empty();
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String name = parser.currentName();
            String child = path.isEmpty() ? name : path + "." + name;
            if (parser.isCurrentAlias()) {
                throw error(path, "aliases ('*name') are not allowed in a recipe");
            }
            if (mapping.entries().put(name, node(parser.nextToken(), child, depth + 1)) != null) {
                throw error(child, "the key is there twice");
            }
        }
        return mapping;
    }

    private Node sequence(String path, int depth) throws IOException {
        List<Node> items = new ArrayList<>();
        for (JsonToken t = parser.nextToken(); t != JsonToken.END_ARRAY; t = parser.nextToken()) {
            items.add(node(t, path + "." + items.size(), depth + 1));
        }
        return new Node.Sequence(items);
    }
}
