package io.chagres.train.data;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/// Training text from one or several parts, each with a weight and a domain.
///
/// Nothing is held in memory: every reading goes through the sources again, always in the same
/// order.
///
/// @param parts the parts, in the order of declaration
public record Corpus(List<Part> parts) {

    /// Something that can hand out documents again and again, in the same order each time.
    @FunctionalInterface
    public interface Documents {
        /// Hands every document to `action`.
        ///
        /// @throws DataException when they cannot be read
        void forEach(Consumer<Document> action);
    }

    /// One part of a corpus.
    ///
    /// @param domain the domain of its documents
    /// @param weight how often it is drawn from, relative to the other parts' weights
    /// @param documents its documents
    public record Part(String domain, double weight, Documents documents) {}

    /// Checks that there is a part.
    public Corpus {
        parts = List.copyOf(parts);
        if (parts.isEmpty()) {
            throw new DataException("a corpus needs at least one source");
        }
    }

    /// The corpus of some sources. Files are looked up at once, and read when needed.
    ///
    /// @throws DataException when a file is missing or a folder has no text in it
    public static Corpus open(List<Source> sources) {
        return new Corpus(sources.stream().map(Corpus::open).toList());
    }

    private static Part open(Source source) {
        Documents documents =
                WordNet.of(source).<Documents>map(w -> w).orElseGet(() -> TextFiles.open(source));
        return new Part(source.domain(), source.weight(), documents);
    }

    /// The documents that a split by [TokenizedCorpus#prepare] holds out, or those that it leaves
    /// to train on.
    ///
    /// @param fraction part of the documents to hold out, 0 up to but not 1
    /// @param held whether those held out are wanted
    public Corpus side(double fraction, boolean held) {
        List<Part> sides = new ArrayList<>();
        for (Part part : parts) {
            HeldOut split = HeldOut.of(fraction, part.documents());
            Documents chosen =
                    action ->
                            part.documents()
                                    .forEach(document -> {
                                        if (split.contains(document) == held) {
                                            action.accept(document);
                                        }
                                    });
            sides.add(new Part(part.domain(), part.weight(), chosen));
        }
        return new Corpus(sides);
    }

    /// The distinct domains, in order of first appearance. A domain's index is its place here.
    public List<String> domains() {
        return parts.stream().map(Part::domain).distinct().toList();
    }

    /// Hands every document of every part to `action`.
    public void forEach(Consumer<Document> action) {
        parts.forEach(part -> part.documents().forEach(action));
    }

    /// Texts for training a tokenizer: the whole corpus when it has at most `maxChars` characters,
    /// otherwise from the start of each part an equal share of them.
    public List<String> sample(long maxChars) {
        long share = maxChars / parts.size();
        var texts = new ArrayList<String>();
        for (Part part : parts) {
            part.documents()
                    .forEach(
                            new Consumer<>() {
                                private long left = share;

                                @Override
                                public void accept(Document document) {
                                    if (left >= document.text().length()) {
                                        texts.add(document.text());
                                        left -= document.text().length();
                                    } else {
                                        left = 0;
                                    }
                                }
                            });
        }
        return texts;
    }
}
