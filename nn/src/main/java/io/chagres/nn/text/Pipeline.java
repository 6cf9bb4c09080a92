package io.chagres.nn.text;

import io.chagres.nn.text.chars.CharText;
import io.chagres.nn.text.chars.Pieces;
import io.chagres.nn.text.chars.TokenBuffer;
import io.chagres.nn.text.decode.Decoder;
import io.chagres.nn.text.model.TokenModel;
import io.chagres.nn.text.normalize.Normalizer;
import io.chagres.nn.text.post.PostProcessor;
import io.chagres.nn.text.split.PreTokenizer;

/// The stages of a tokenizer, in order.
///
/// @param added the tokens found before the model sees the text
/// @param normalizer rewrites text
/// @param preTokenizer cuts it into pieces
/// @param model turns pieces into tokens
/// @param postProcessor adds special tokens
/// @param decoder turns tokens into text
record Pipeline(
        AddedTokens added,
        Normalizer normalizer,
        PreTokenizer preTokenizer,
        TokenModel model,
        PostProcessor postProcessor,
        Decoder decoder) {
    TokenBuffer encode(String text, boolean addSpecialTokens, boolean tracked) {
        var tokens = new TokenBuffer(tracked, text.length() / 3 + 8);
        added.plain().split(CharText.of(text, tracked), new Raw(tokens));
        postProcessor.apply(tokens, addSpecialTokens);
        return tokens;
    }

    private static void emit(AddedToken token, CharText part, TokenBuffer out) {
        if (out.tracked()) {
            out.add(token.id(), part.sourceStart(part.start()), part.sourceEnd(part.end() - 1));
        } else {
            out.add(token.id());
        }
    }

    /// Takes raw text.
    private final class Raw implements AddedTokenMatcher.Sink {
        private final TokenBuffer out;
        private final Normalized next;

        Raw(TokenBuffer out) {
            this.out = out;
            next = new Normalized(out);
        }

        @Override
        public void text(CharText part) {
            added.normalized().split(normalizer.apply(part), next);
        }

        @Override
        public void token(AddedToken token, CharText part) {
            emit(token, part, out);
        }
    }

    /// Takes normalized text.
    private final class Normalized implements AddedTokenMatcher.Sink {
        private final TokenBuffer out;

        Normalized(TokenBuffer out) {
            this.out = out;
        }

        @Override
        public void text(CharText part) {
            model.encode(preTokenizer.apply(Pieces.whole(part)), out);
        }

        @Override
        public void token(AddedToken token, CharText part) {
            emit(token, part, out);
        }
    }
}
