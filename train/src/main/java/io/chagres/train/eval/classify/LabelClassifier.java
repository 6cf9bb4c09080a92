package io.chagres.train.eval.classify;

import io.chagres.nn.text.Tokenizer;
import io.chagres.train.eval.ContinuationScorer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntConsumer;

/// Classifies by a language model: of the labels the one that it finds most probable after the
/// prompt. Brown et al. 2020, arXiv:2005.14165, section 2.4.
///
/// The tokens at the seam of prompt and label are those of both written together. A prompt that is
/// too long for the model loses tokens at its beginning, but not a special token there. Used by one
/// thread at a time.
public final class LabelClassifier implements Classifier {
    private final Tokenizer tokenizer;
    private final ContinuationScorer scorer;
    private final PromptTemplate template;
    private final List<String> words;
    private final boolean perToken;
    private final IntConsumer progress;
    private int shortened;

    /// A classifier.
    ///
    /// @param words what stands for each class, at least two
    /// @param perToken whether to compare mean log-probabilities per token, which does not favour
    ///   labels of few tokens, rather than sums
    /// @param progress told the share of 1,000 that is done
    public LabelClassifier(
            Tokenizer tokenizer,
            ContinuationScorer scorer,
            PromptTemplate template,
            List<String> words,
            boolean perToken,
            IntConsumer progress) {
        if (words.size() < 2) {
            throw new IllegalArgumentException("to classify takes two labels at least: " + words);
        }
        this.tokenizer = tokenizer;
        this.scorer = scorer;
        this.template = template;
        this.words = List.copyOf(words);
        this.perToken = perToken;
        this.progress = progress;
    }

    @Override
    public List<Prediction> predict(List<String> texts) {
        List<ContinuationScorer.Item> items = new ArrayList<>();
        for (String text : texts) {
            items.add(item(text));
        }
        List<double[]> scores = scorer.score(items, progress);
        List<Prediction> predictions = new ArrayList<>();
        for (int i = 0; i < items.size(); i++) {
            double[] logs = scores.get(i);
            for (int k = 0; perToken && k < logs.length; k++) {
                logs[k] /= items.get(i).continuations().get(k).length;
            }
            predictions.add(Prediction.ofLogs(logs));
        }
        return predictions;
    }

    /// How many prompts were too long for the model so far.
    public int shortened() {
        return shortened;
    }

    private ContinuationScorer.Item item(String text) {
        String prompt = template.prompt(text);
        List<int[]> wholes = new ArrayList<>();
        for (String word : words) {
            wholes.add(tokenizer.encode(prompt + word, true));
        }
        int[] alone = tokenizer.encode(prompt, true);
        int seam = alone.length;
        int longest = 0;
        for (int[] whole : wholes) {
            int differs = Arrays.mismatch(alone, whole);
            seam = Math.min(seam, differs < 0 ? whole.length : differs);
            seam = Math.min(seam, whole.length - 1); // something is left to predict
            longest = Math.max(longest, whole.length);
        }
        if (seam < 1) {
            throw new IllegalArgumentException(
                    "the prompt '" + prompt + "' has no token before the label");
        }
        List<int[]> continuations = new ArrayList<>();
        for (int[] whole : wholes) {
            continuations.add(Arrays.copyOfRange(whole, seam, whole.length));
        }
        int[] ids = Arrays.copyOf(alone, seam);
        int room = scorer.maxLength() - (longest - seam);
        if (seam > room) {
            ids = tail(ids, room);
            shortened++;
        }
        return new ContinuationScorer.Item(ids, continuations);
    }

    private int[] tail(int[] ids, int room) {
        if (room < 2) {
            throw new IllegalArgumentException("the labels are too long for the model: " + words);
        }
        int[] tail = Arrays.copyOfRange(ids, ids.length - room, ids.length);
        if (tokenizer.isSpecial(ids[0])) {
            tail[0] = ids[0];
        }
        return tail;
    }
}
