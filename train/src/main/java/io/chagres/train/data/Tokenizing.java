package io.chagres.train.data;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/// Turns the parts of a corpus into two rows of ids, one to train on and one held out.
final class Tokenizing {
    /// One of the two rows while it grows.
    private static final class Side {
        private final Tokens.Sink sink;
        private final int eosId;
        private final List<TokenDataset.Part> parts = new ArrayList<>();
        private long size;
        private long start;
        private long documents;
        private long bytes;
        private boolean open;

        Side(Tokens.Sink sink, int eosId) {
            this.sink = sink;
            this.eosId = eosId;
        }

        void add(int token) {
            try {
                sink.add(token);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            size++;
        }

        void add(int[] ids, Document document) {
            if (documents == 0) {
                add(eosId);
            }
            for (int id : ids) {
                add(id);
            }
            documents++;
            bytes += document.text().getBytes(StandardCharsets.UTF_8).length;
            open = true;
            if (document.complete()) {
                end();
            }
        }

        /// Ends the document that is being added, if there is one.
        void end() {
            if (open) {
                add(eosId);
                open = false;
            }
        }

        void endPart(int domain, double weight) {
            end();
            parts.add(new TokenDataset.Part(domain, weight, start, size - start, documents, bytes));
            start = size;
            documents = 0;
            bytes = 0;
        }
    }

    private final TextEncoding encoding;
    private final Side train;
    private final Side heldOut;

    Tokenizing(TextEncoding encoding, Tokens.Sink train, Tokens.Sink heldOut) {
        this.encoding = encoding;
        this.train = new Side(train, encoding.eosId());
        this.heldOut = new Side(heldOut, encoding.eosId());
    }

    /// Reads and tokenises everything.
    ///
    /// @throws IOException when the ids cannot be written
    void run(Corpus corpus, List<HeldOut> splits) throws IOException {
        List<String> domains = corpus.domains();
        try {
            for (int i = 0; i < corpus.parts().size(); i++) {
                Corpus.Part part = corpus.parts().get(i);
                HeldOut split = splits.get(i);
                part.documents().forEach(document -> add(document, split.contains(document)));
                int domain = domains.indexOf(part.domain());
                train.endPart(domain, part.weight());
                heldOut.endPart(domain, part.weight());
            }
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    private void add(Document document, boolean held) {
        int[] ids = encoding.encoder().encode(document.text());
        for (int id : ids) {
            if (id < 0 || id >= encoding.vocabSize()) {
                throw new DataException(
                        "the tokenizer gave id %d, its vocabulary has %d: is vocabSize right?"
                                .formatted(id, encoding.vocabSize()));
            }
        }
        (held ? train : heldOut).end(); // a text whose pieces fall on both sides ends there
        (held ? heldOut : train).add(ids, document);
    }

    List<TokenDataset.Part> trainParts() {
        return train.parts;
    }

    List<TokenDataset.Part> heldOutParts() {
        return heldOut.parts;
    }
}
