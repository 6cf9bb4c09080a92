package io.chagres.nn.generate;

import io.chagres.tensor.memory.BudgetExceeded;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Guesses at the tokens of several answers, and whether they were right.
final class Guesses {
    private final Decoder decoder;
    private final Recorder recorder;

    Guesses(Decoder decoder, Recorder recorder) {
        this.decoder = decoder;
        this.recorder = recorder;
    }

    /// Guesses for the answers that have a draft which has not seen all their tokens.
    ///
    /// @param most most rows of a pass
    void make(List<Request> running, int most) {
        if (!decoder.drafts()) {
            return;
        }
        for (int rows = 1; rows <= 2; rows++) {
            List<Request> some = new ArrayList<>();
            for (Request r : running) {
                Draft draft = r.draft;
                // What catches up must show the head every token, what is about to end need not.
                boolean wanted = r.fed + 1 < r.generated() || r.wantsGuess();
                if (draft != null && draft.rows() == rows && wanted) {
                    some.add(r);
                }
            }
            int each = rows;
            Scheduler.inGroups(some, most / rows, group -> guess(group, each));
        }
    }

    private void guess(List<Request> some, int rows) {
        List<KvCache.Sequence> sequences = new ArrayList<>();
        List<Draft> drafts = new ArrayList<>();
        int[] next = new int[some.size() * rows];
        for (int i = 0; i < some.size(); i++) {
            Request r = some.get(i);
            KvCache.Sequence sequence = r.sequence;
            Draft draft = r.draft;
            if (sequence == null || draft == null) {
                throw new IllegalStateException("request " + r.id + " has no pages");
            }
            sequences.add(sequence);
            drafts.add(draft);
            if (rows == 2) {
                next[2 * i] = r.lastFed();
            }
            next[(i + 1) * rows - 1] = r.nextToken();
        }
        try {
            decoder.guess(sequences, drafts, next);
        } catch (BudgetExceeded e) {
            some.forEach(r -> r.draft = null); // they go on without
        }
    }

    /// Compares a guess with the token that was chosen; a wrong one is taken out of the cache.
    void judge(Request r, int guess) {
        Draft draft = r.draft;
        KvCache.Sequence sequence = r.sequence;
        if (draft == null || sequence == null) {
            return; // its answer is over
        }
        boolean right = r.nextToken() == guess;
        recorder.guessed(right);
        if (!right) {
            sequence.truncate(sequence.length() - 1);
            draft.keepFirst();
        }
    }

    /// Whether an answer goes on after a guess that was judged to be right.
    static boolean right(Request r) {
        Draft draft = r.draft;
        return draft != null && draft.rows() == 2;
    }

    /// The drafts of some answers, null for those that have none.
    static List<@Nullable Draft> drafts(List<Request> some) {
        List<@Nullable Draft> all = new ArrayList<>();
        for (Request r : some) {
            all.add(r.draft);
        }
        return all;
    }
}
