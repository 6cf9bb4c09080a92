package io.chagres.nn.text;

import io.chagres.nn.text.chars.CharText;
import io.chagres.nn.text.chars.Pieces;
import io.chagres.nn.text.normalize.Normalizer;
import io.chagres.nn.text.split.PreTokenizer;
import org.eclipse.collections.impl.map.mutable.primitive.ObjectLongHashMap;

/// Counts the words of texts.
final class WordCounts {
    private static final int TEXTS_PER_UPDATE = 4096;

    private WordCounts() {}

    /// How often each word occurs; words do not reach across two texts.
    static ObjectLongHashMap<String> count(
            Iterable<String> texts,
            Normalizer normalizer,
            PreTokenizer preTokenizer,
            BpeTrainer.Progress progress) {
        var words = new ObjectLongHashMap<String>();
        long done = 0;
        for (String text : texts) {
            CharText normalized = normalizer.apply(CharText.of(text, false));
            Pieces pieces = preTokenizer.apply(Pieces.whole(normalized));
            char[] chars = pieces.text().chars();
            for (int s = 0; s < pieces.spans().size(); s++) {
                int from = pieces.spans().start(s);
                words.addToValue(new String(chars, from, pieces.spans().end(s) - from), 1);
            }
            if (++done % TEXTS_PER_UPDATE == 0) {
                progress.update(BpeTrainer.Phase.COUNT, done, -1);
            }
        }
        progress.update(BpeTrainer.Phase.COUNT, done, done);
        return words;
    }
}
