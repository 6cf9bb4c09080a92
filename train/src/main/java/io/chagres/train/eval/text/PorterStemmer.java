package io.chagres.train.eval.text;

import java.util.Map;
import java.util.function.Predicate;

/// Cuts English words to their stems. Porter 1980, "An algorithm for suffix stripping", Program 14
/// (3), with the changes that NLTK's stemmer has by default, since `rouge_score` uses that one: a
/// few irregular words, `-ies` and `-ied` of four-letter words, `y` after consonants only, and the
/// suffixes `-bli`, `-alli`, `-fulli` and `-logi`.
public final class PorterStemmer {
    private static final Map<String, String> IRREGULAR =
            Map.ofEntries(
                    Map.entry("skies", "sky"),
                    Map.entry("sky", "sky"),
                    Map.entry("dying", "die"),
                    Map.entry("lying", "lie"),
                    Map.entry("tying", "tie"),
                    Map.entry("news", "news"),
                    Map.entry("innings", "inning"),
                    Map.entry("inning", "inning"),
                    Map.entry("outings", "outing"),
                    Map.entry("outing", "outing"),
                    Map.entry("cannings", "canning"),
                    Map.entry("canning", "canning"),
                    Map.entry("howe", "howe"),
                    Map.entry("proceed", "proceed"),
                    Map.entry("exceed", "exceed"),
                    Map.entry("succeed", "succeed"));

    /// Suffixes with what replaces them after a stem of measure 1 or more.
    private static final String[][] STEP_2 = {
        {"ational", "ate"},
        {"tional", "tion"},
        {"enci", "ence"},
        {"anci", "ance"},
        {"izer", "ize"},
        {"bli", "ble"},
        {"alli", "al"},
        {"entli", "ent"},
        {"eli", "e"},
        {"ousli", "ous"},
        {"ization", "ize"},
        {"ation", "ate"},
        {"ator", "ate"},
        {"alism", "al"},
        {"iveness", "ive"},
        {"fulness", "ful"},
        {"ousness", "ous"},
        {"aliti", "al"},
        {"iviti", "ive"},
        {"biliti", "ble"},
        {"fulli", "ful"},
    };

    private static final String[][] STEP_3 = {
        {"icate", "ic"},
        {"ative", ""},
        {"alize", "al"},
        {"iciti", "ic"},
        {"ical", "ic"},
        {"ful", ""},
        {"ness", ""},
    };

    /// Suffixes that go after a stem of measure 2 or more.
    private static final String[] STEP_4 = {
        "al", "ance", "ence", "er", "ic", "able", "ible", "ant", "ement", "ment", "ent", "ion",
        "ou", "ism", "ate", "iti", "ous", "ive", "ize",
    };

    private PorterStemmer() {}

    /// The stem of a word in lower case.
    public static String stem(String word) {
        String irregular = IRREGULAR.get(word);
        if (irregular != null) {
            return irregular;
        }
        return word.length() <= 2 ? word : lastL(lastE(step4(step3(step2(y(past(plural(word))))))));
    }

    private static String plural(String word) {
        if (word.endsWith("ies") && word.length() == 4) {
            return cut(word, 1);
        }
        if (word.endsWith("sses") || word.endsWith("ies")) {
            return cut(word, 2);
        }
        return word.endsWith("s") && !word.endsWith("ss") ? cut(word, 1) : word;
    }

    private static String past(String word) {
        if (word.endsWith("ied")) {
            return cut(word, word.length() == 4 ? 1 : 2);
        }
        if (word.endsWith("eed")) {
            return measure(cut(word, 3)) > 0 ? cut(word, 1) : word;
        }
        String stem;
        if (word.endsWith("ed") && hasVowel(cut(word, 2))) {
            stem = cut(word, 2);
        } else if (word.endsWith("ing") && hasVowel(cut(word, 3))) {
            stem = cut(word, 3);
        } else {
            return word;
        }
        if (stem.endsWith("at") || stem.endsWith("bl") || stem.endsWith("iz")) {
            return stem + "e";
        }
        if (endsWithDouble(stem)) {
            return "lsz".indexOf(stem.charAt(stem.length() - 1)) >= 0 ? stem : cut(stem, 1);
        }
        return measure(stem) == 1 && endsShort(stem) ? stem + "e" : stem;
    }

    private static String y(String word) {
        if (!word.endsWith("y")) {
            return word;
        }
        String stem = cut(word, 1);
        return stem.length() > 1 && isConsonant(stem, stem.length() - 1) ? stem + "i" : word;
    }

    private static String step2(String word) {
        if (word.endsWith("alli") && measure(cut(word, 4)) > 0) {
            return step2(cut(word, 2));
        }
        String done = replaceFirst(word, STEP_2, stem -> measure(stem) > 0);
        // the l counts as part of the stem
        boolean logi = word.endsWith("logi") && measure(cut(word, 3)) > 0;
        return logi ? cut(word, 1) : done;
    }

    private static String step3(String word) {
        return replaceFirst(word, STEP_3, stem -> measure(stem) > 0);
    }

    private static String step4(String word) {
        for (String suffix : STEP_4) {
            if (word.endsWith(suffix)) {
                String stem = cut(word, suffix.length());
                boolean fits = !suffix.equals("ion") || stem.endsWith("s") || stem.endsWith("t");
                return fits && measure(stem) > 1 ? stem : word;
            }
        }
        return word;
    }

    private static String lastE(String word) {
        if (!word.endsWith("e")) {
            return word;
        }
        String stem = cut(word, 1);
        int measure = measure(stem);
        return measure > 1 || (measure == 1 && !endsShort(stem)) ? stem : word;
    }

    private static String lastL(String word) {
        return word.endsWith("ll") && measure(cut(word, 1)) > 1 ? cut(word, 1) : word;
    }

    /// Replaces the first suffix in a list that the word has, if its stem allows it.
    private static String replaceFirst(String word, String[][] rules, Predicate<String> allowed) {
        for (String[] rule : rules) {
            if (word.endsWith(rule[0])) {
                String stem = cut(word, rule[0].length());
                return allowed.test(stem) ? stem + rule[1] : word;
            }
        }
        return word;
    }

    private static String cut(String word, int letters) {
        return word.substring(0, word.length() - letters);
    }

    /// Not a, e, i, o, u, nor a y after a consonant.
    private static boolean isConsonant(String word, int at) {
        boolean consonant = true; // of a y at the beginning
        for (int i = 0; i <= at; i++) {
            consonant =
                    switch (word.charAt(i)) {
                        case 'a', 'e', 'i', 'o', 'u' -> false;
                        case 'y' -> i == 0 || !consonant;
                        default -> true;
                    };
        }
        return consonant;
    }

    private static boolean hasVowel(String word) {
        for (int i = 0; i < word.length(); i++) {
            if (!isConsonant(word, i)) {
                return true;
            }
        }
        return false;
    }

    /// How often a consonant follows a vowel: m in \[C\](VC)ᵐ\[V\].
    private static int measure(String word) {
        int m = 0;
        for (int i = 1; i < word.length(); i++) {
            m += isConsonant(word, i) && !isConsonant(word, i - 1) ? 1 : 0;
        }
        return m;
    }

    private static boolean endsWithDouble(String word) {
        int n = word.length();
        return n >= 2 && word.charAt(n - 1) == word.charAt(n - 2) && isConsonant(word, n - 1);
    }

    /// Ends consonant, vowel, consonant, the last not w, x or y; or is a vowel and a consonant.
    private static boolean endsShort(String word) {
        int n = word.length();
        if (n == 2) {
            return !isConsonant(word, 0) && isConsonant(word, 1);
        }
        return n > 2
                && isConsonant(word, n - 3)
                && !isConsonant(word, n - 2)
                && isConsonant(word, n - 1)
                && "wxy".indexOf(word.charAt(n - 1)) < 0;
    }
}
