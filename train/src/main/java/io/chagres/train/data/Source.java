package io.chagres.train.data;

/// Where training text comes from, as a recipe declares it.
///
/// @param path a `.jsonl` file (field `text`), a text file, a folder of `.txt`, `.md` and `.jsonl`
///   files, or [#WORDNET] or [#WORDNET_EXAMPLES], of which `wordnet:noun.plant` is one of the
///   lexicographers' files and `wordnet:-noun.plant` all others; relative to the working directory
/// @param weight how often this source is drawn from, relative to the others' weights
/// @param domain the kind of text; sources may share one, losses are reported for each
public record Source(String path, double weight, String domain) {
    /// The path that stands for the definitions in WordNet 3.1.
    public static final String WORDNET = "wordnet";

    /// The path that stands for the definitions in WordNet 3.1, each with its example sentences.
    public static final String WORDNET_EXAMPLES = "wordnet-examples";

    /// Checks the weight.
    public Source {
        if (!(weight > 0) || Double.isInfinite(weight)) {
            throw new IllegalArgumentException(
                    "weight of source '%s' must be a finite number > 0, got %s"
                            .formatted(path, weight));
        }
    }

    /// A source of weight 1 whose domain is named after it.
    public static Source of(String path) {
        return new Source(path, 1, defaultDomain(path));
    }

    /// The last name in a path, without its extension: `texts/prose.txt` becomes `prose`. A part of
    /// WordNet is called as it is.
    public static String defaultDomain(String path) {
        if (path.startsWith(WORDNET + ":") || path.startsWith(WORDNET_EXAMPLES + ":")) {
            return path;
        }
        String trimmed = path.replace('\\', '/').replaceAll("/+$", "");
        String name = trimmed.substring(trimmed.lastIndexOf('/') + 1);
        int dot = name.lastIndexOf('.');
        String stem = dot > 0 ? name.substring(0, dot) : name;
        return stem.isBlank() || stem.equals("..") || stem.equals(".") ? "text" : stem;
    }
}
