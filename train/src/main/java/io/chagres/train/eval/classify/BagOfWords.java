package io.chagres.train.eval.classify;

import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.eclipse.collections.api.map.primitive.MutableObjectIntMap;
import org.eclipse.collections.impl.map.mutable.primitive.ObjectIntHashMap;

/// Counts of words, as features of a text. A word is a run of at least two letters, digits or
/// underscores, in lower case, as in scikit-learn's `CountVectorizer`.
final class BagOfWords {
    private static final Pattern WORD =
            Pattern.compile("\\b\\w\\w+\\b", Pattern.UNICODE_CHARACTER_CLASS);

    private final MutableObjectIntMap<String> ids = new ObjectIntHashMap<>();

    /// A vocabulary of all words in some texts, in order of appearance.
    BagOfWords(List<String> texts) {
        for (String text : texts) {
            Matcher words = words(text);
            while (words.find()) {
                ids.getIfAbsentPut(words.group(), ids.size());
            }
        }
    }

    /// The features of one text.
    ///
    /// @param ids of its words, each once, those outside the vocabulary left out
    /// @param counts how often each word comes
    record Features(int[] ids, int[] counts) {}

    int size() {
        return ids.size();
    }

    Features of(String text) {
        MutableObjectIntMap<String> counts = new ObjectIntHashMap<>();
        Matcher words = words(text);
        while (words.find()) {
            if (ids.containsKey(words.group())) {
                counts.addToValue(words.group(), 1);
            }
        }
        List<String> sorted = counts.keysView().toSortedListBy(ids::get);
        int[] known = sorted.stream().mapToInt(ids::get).toArray();
        return new Features(known, sorted.stream().mapToInt(counts::get).toArray());
    }

    private static Matcher words(String text) {
        return WORD.matcher(text.toLowerCase(Locale.ROOT));
    }
}
