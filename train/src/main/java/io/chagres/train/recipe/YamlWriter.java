package io.chagres.train.recipe;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLGenerator;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Writes a recipe as YAML, key by key in the order of the table.
final class YamlWriter {
    private static final YAMLMapper YAML =
            new YAMLMapper(
                    YAMLFactory.builder()
                            .disable(YAMLGenerator.Feature.WRITE_DOC_START_MARKER)
                            .disable(YAMLGenerator.Feature.SPLIT_LINES)
                            .enable(YAMLGenerator.Feature.INDENT_ARRAYS_WITH_INDICATOR)
                            .build());

    private YamlWriter() {}

    static String write(Recipe recipe) {
        var root = new LinkedHashMap<String, Object>();
        for (RecipeKey<?> key : Keys.ALL) {
            Object value = key.written(recipe);
            if (value != null) {
                put(root, List.of(key.path().split("\\.", -1)), value);
            }
        }
        try {
            return YAML.writeValueAsString(root);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a recipe is made of maps, lists and scalars", e);
        }
    }

    private static void put(Map<String, Object> to, List<String> names, Object value) {
        Map<String, Object> group = to;
        for (String name : names.subList(0, names.size() - 1)) {
            @SuppressWarnings("unchecked") // groups are put here and nowhere else
            var inner =
                    (Map<String, Object>)
                            group.computeIfAbsent(name, n -> new LinkedHashMap<String, Object>());
            group = inner;
        }
        group.put(names.getLast(), value);
    }
}
