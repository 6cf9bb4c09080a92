package io.chagres.nn.generate;

import io.chagres.nn.transformer.NextToken;
import io.chagres.nn.transformer.Transformer;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.TensorData;
import io.chagres.tensor.memory.TensorArena;
import io.chagres.tensor.op.Concat;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// A model's first module of multi-token prediction as a draft head: from the hidden state of a
/// token and the token that follows it, it guesses the one after that. It has a layer of its own in
/// the cache, behind the model's, in which it has a row for each token whose next one is known.
/// DeepSeek-V3, arXiv:2412.19437, section 2.2; Leviathan et al. 2023, arXiv:2211.17192.
final class DraftHead {
    private final Transformer model;
    private final TensorArena step;
    private final KvCache cache;
    private final float[] row;

    /// @param row memory for the logits of a token
    DraftHead(Transformer model, TensorArena step, KvCache cache, float[] row) {
        this.model = model;
        this.step = step;
        this.cache = cache;
        this.row = row;
    }

    /// Sees the tokens of a prompt or a part of one, of which all but the last are known to be
    /// followed by the next. Runs within the pass that computed them.
    ///
    /// @param start tokens the sequence had before
    /// @param hidden their hidden states, (1, tokens, hidden)
    void follow(KvCache.Sequence sequence, Draft draft, int start, int[] tokens, Tensor hidden) {
        int n = tokens.length;
        int before = draft.rows();
        int count = before + n - 1;
        if (count > 0) {
            List<Tensor> states = new ArrayList<>();
            if (before > 0) {
                states.add(kept(List.of(draft), before, hidden.dim(2)));
            }
            if (n > 1) {
                states.add(hidden.slice(1, 0, n - 1L));
            }
            Tensor all = Concat.concat(1, states.toArray(Tensor[]::new));
            int[] next = Arrays.copyOfRange(tokens, n - count, n);
            apply(List.of(sequence), new int[] {start - before}, all, next);
        }
        draft.keep(hidden.slice(1, n - 1L, 1));
    }

    /// Sees the newest tokens of several sequences, as many of each, and guesses.
    ///
    /// @param next what follows each of these tokens, sequence by sequence
    void guess(List<KvCache.Sequence> sequences, List<Draft> drafts, int[] next) {
        int b = drafts.size();
        int count = next.length / b;
        int[] starts = new int[b];
        for (int i = 0; i < b; i++) {
            starts[i] = sequences.get(i).length() - count;
        }
        step.call(() -> {
            Tensor states = kept(drafts, count, model.config().hiddenSize());
            Tensor last = apply(sequences, starts, states, next).slice(1, count - 1L, 1);
            Tensor logits = model.project(head().finalNorm().apply(last.reshape(b, -1)));
            for (int i = 0; i < b; i++) {
                TensorData.read(logits.slice(0, i, 1), row);
                drafts.get(i).guess(Sampler.argMax(row));
            }
            return b;
        });
    }

    private Tensor apply(
            List<KvCache.Sequence> sequences, int[] starts, Tensor states, int[] next) {
        int count = next.length / starts.length;
        KvPass pass = KvPass.of(model, cache, step, sequences, starts, count);
        Tensor ids = Tensor.of(step, Shape.of(starts.length, count), next);
        int layer = model.blocks().size();
        return head().apply(states, model.tokens().apply(ids), layer, pass);
    }

    private NextToken head() {
        return model.nextTokens().getFirst();
    }

    /// The states that drafts have kept, (B, rows, hidden).
    private Tensor kept(List<Draft> drafts, int rows, long hidden) {
        int size = Math.toIntExact(rows * hidden);
        float[] all = new float[drafts.size() * size];
        for (int i = 0; i < drafts.size(); i++) {
            drafts.get(i).copyTo(all, i * size, size);
        }
        return Tensor.of(step, Shape.of(drafts.size(), rows, hidden), all);
    }
}
