package io.chagres.train.recipe;

import java.util.function.UnaryOperator;

/// The place of a value, for error messages.
///
/// @param key the dotted path of the value
/// @param origin where a path has its value from: the recipe's file, or a flag as `--key`
record Where(String key, UnaryOperator<String> origin) {
    /// The place of something inside this value.
    Where child(String name) {
        return new Where(key + "." + name, origin);
    }

    /// The file or flag.
    String file() {
        return origin.apply(key);
    }

    /// The error that the value is not what its key needs.
    RecipeException expected(String what, Node got) {
        return error("expected " + what + ", got " + got.describe());
    }

    /// An error at this place.
    RecipeException error(String problem) {
        String file = file();
        String place;
        if (file.equals("--" + key)) {
            place = file;
        } else if (file.startsWith("--")) {
            place = file + " (" + key + ")";
        } else {
            place = key + " in " + file;
        }
        return new RecipeException(file, key, place + ": " + problem);
    }
}
