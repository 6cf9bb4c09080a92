package io.chagres.train.recipe;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Random damage to a valid recipe gives a recipe or a [RecipeException] that names file and key,
/// and nothing else.
class RecipeFuzzTest {
    private static final int ROUNDS = 1_500;
    private static final List<String> SCRAPS =
            List.of(
                    ":",
                    ": ",
                    "- ",
                    "[",
                    "]",
                    "{",
                    "}",
                    ",",
                    "\"",
                    "'",
                    "&a ",
                    "*a",
                    "!!int ",
                    "!x ",
                    "---\n",
                    "...\n",
                    "#",
                    "|\n",
                    ">-\n",
                    "? ",
                    "~",
                    "null",
                    "true",
                    "1e999",
                    "-0",
                    "0x10",
                    "1_0",
                    ".inf",
                    ".nan",
                    "9223372036854775808",
                    "\t",
                    "\n",
                    "  ",
                    "\u0000",
                    "\uFEFF",
                    "\uD83D",
                    "😀",
                    "\u0085",
                    "%YAML 1.1\n",
                    "<<: ",
                    "a: b",
                    "[[[[[[[[[[[[[[[[[[[[",
                    "2020-01-01",
                    "=",
                    "\\",
                    "\"\\x",
                    "@",
                    "`");

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void damagedRecipes(long seed) {
        var random = new Random(seed);
        int accepted = 0;
        for (int round = 0; round < ROUNDS; round++) {
            String yaml = RecipeTest.FULL;
            for (int edits = 1 + random.nextInt(4); edits > 0; edits--) {
                yaml = damage(yaml, random);
            }
            accepted += tried(yaml, Map.of()) ? 1 : 0;
        }
        assertThat(accepted).as("some damage is harmless").isBetween(10, ROUNDS - 10);
    }

    @ParameterizedTest
    @ValueSource(longs = {4, 5})
    void randomFlags(long seed) {
        var random = new Random(seed);
        var values = new ArrayList<>(SCRAPS);
        values.addAll(List.of("1", "0.5", "64", "llama", "cosine", "[a, b]", "[{path: a}]", ""));
        for (int round = 0; round < ROUNDS; round++) {
            String path = Keys.PATHS.get(random.nextInt(Keys.PATHS.size()));
            if (random.nextInt(10) == 0) {
                path = damage(path, random);
            } else if (random.nextInt(10) == 0) {
                path = "data.sources." + random.nextInt(4) + ".weight";
            }
            String value = values.get(random.nextInt(values.size()));
            tried(random.nextBoolean() ? RecipeTest.FULL : "", Map.of(path, value));
        }
    }

    /// Whether the text is a recipe.
    private static boolean tried(String yaml, Map<String, String> flags) {
        Recipe recipe;
        try {
            recipe = Recipe.parse("recipe.yaml", yaml, flags);
        } catch (RecipeException e) {
            String message = String.valueOf(e.getMessage());
            boolean flag = e.file().startsWith("--");
            assertThat(flag || e.file().equals("recipe.yaml")).as(message).isTrue();
            assertThat(message.length()).isLessThan(2_000);
            assertThat(e).hasMessageContaining(flag ? "--" : "recipe.yaml");
            if (!message.contains("unknown key")) {
                assertThat(e).hasMessageContaining(e.key());
            }
            return false;
        } catch (RuntimeException e) {
            throw new AssertionError("not a RecipeException, for flags " + flags + "\n" + yaml, e);
        }
        assertThat(Recipe.parse("again.yaml", recipe.toYaml(), Map.of())).isEqualTo(recipe);
        return true;
    }

    private static String damage(String text, Random random) {
        int from = random.nextInt(text.length() + 1);
        int to = Math.min(text.length(), from + random.nextInt(12));
        String cut = text.substring(from, to);
        String scrap = SCRAPS.get(random.nextInt(SCRAPS.size()));
        String replacement =
                switch (random.nextInt(6)) {
                    case 0 -> "";
                    case 1 -> scrap;
                    case 2 -> cut + scrap;
                    case 3 -> cut + cut;
                    case 4 -> new StringBuilder(cut).reverse().toString();
                    default -> String.valueOf((char) (32 + random.nextInt(95)));
                };
        return text.substring(0, from) + replacement + text.substring(to);
    }
}
