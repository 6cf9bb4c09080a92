package io.chagres.train.recipe;

import java.util.Collection;
import java.util.List;

/// The error that a key does not exist.
final class Unknown {
    private static final int SHOWN = 60;

    private Unknown() {}

    /// A key that its group does not have.
    ///
    /// @param name the key as written
    /// @param group the place of its group; the empty key for the top level
    /// @param siblings the keys that the group has
    /// @param all dotted paths of all keys, to find one that was put into the wrong group
    static RecipeException key(
            String name, Where group, Collection<String> siblings, List<String> all) {
        String elsewhere =
                all.stream()
                        .filter(path -> path.equals(name) || path.endsWith("." + name))
                        .findFirst()
                        .orElse("");
        String meant = Nearest.to(name, siblings).orElse(elsewhere);
        String at = group.key().isEmpty() ? "at the top level" : "at " + group.key();
        String path = group.key().isEmpty() ? name : group.key() + "." + name;
        return new RecipeException(
                group.file(),
                path,
                "unknown key '%s' in %s %s: %s"
                        .formatted(shown(name), group.file(), at, hint(meant, siblings)));
    }

    /// A flag that no key stands behind.
    static RecipeException flag(String name, List<String> all) {
        String leaf = name.substring(name.lastIndexOf('.') + 1);
        String elsewhere =
                all.stream().filter(path -> path.endsWith("." + leaf)).findFirst().orElse("");
        String meant = Nearest.to(name, all).orElse(elsewhere);
        String hint = meant.isEmpty() ? "no key is like it" : "did you mean '--" + meant + "'?";
        String flag = "--" + shown(name);
        return new RecipeException(flag, name, "unknown key '" + flag + "': " + hint);
    }

    private static String hint(String meant, Collection<String> siblings) {
        return meant.isEmpty()
                ? "the keys there are " + String.join(", ", siblings)
                : "did you mean '" + meant + "'?";
    }

    private static String shown(String name) {
        String line = name.replace("\n", "\\n");
        return line.length() > SHOWN ? line.substring(0, SHOWN) + "…" : line;
    }
}
