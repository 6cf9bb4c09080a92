package io.chagres.cli.server;

import io.chagres.nn.generate.Generation;
import io.chagres.nn.generate.Piece;
import io.chagres.nn.generate.ScoredToken;
import io.chagres.tensor.io.Json;
import java.util.ArrayList;
import java.util.List;

/// Sends answers as server-sent events while they are written.
final class Events {
    private static final String DONE = "[DONE]";

    private final Exchange exchange;
    private final Ask ask;
    private final Answers answers;

    Events(Exchange exchange, Ask ask, Answers answers) {
        this.exchange = exchange;
        this.ask = ask;
        this.answers = answers;
    }

    /// Sends all events; none any more once the client has left.
    void send(Taking taking) {
        exchange.beginEvents();
        List<Choice> choices = new ArrayList<>();
        for (int i = 0; i < ask.choices(); i++) {
            choices.add(new Choice(i));
            if (ask.chat() || !ask.echo(i).isEmpty()) {
                event(answers.first(i));
            }
        }
        List<Generation> all = taking.pieces((piece, i) -> choices.get(i).take(piece));
        for (int i = 0; i < all.size(); i++) {
            event(answers.last(i, all.get(i).reason()));
        }
        if (ask.usage()) {
            event(answers.usageEvent(all));
        }
        if (!exchange.isGone()) {
            exchange.event(DONE);
            exchange.endEvents();
        }
    }

    private void event(Object json) {
        if (!exchange.isGone()) {
            exchange.event(Json.line(json));
        }
    }

    /// One answer; tokens without text yet go with the next ones.
    private final class Choice {
        private final int index;
        private final List<ScoredToken> tokens = new ArrayList<>();
        private int offset;

        Choice(int index) {
            this.index = index;
            this.offset = ask.echo(index).length();
        }

        void take(Piece piece) {
            ScoredToken token = piece.token();
            if (token != null && ask.options().topLogProbs() >= 0) {
                tokens.add(token);
            }
            if (!piece.text().isEmpty()) {
                event(answers.more(index, piece.text(), List.copyOf(tokens), offset));
                offset += piece.text().length();
                tokens.clear();
            }
        }
    }
}
