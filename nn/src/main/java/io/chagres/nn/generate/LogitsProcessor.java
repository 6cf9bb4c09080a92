package io.chagres.nn.generate;

/// Changes logits before a token is chosen from them, for example to forbid some.
@FunctionalInterface
public interface LogitsProcessor {
    /// Changes the logits in place; negative infinity forbids a token. Called by the thread that
    /// runs the model, once for each token of an answer, in order.
    void process(TokenHistory history, float[] logits);
}
