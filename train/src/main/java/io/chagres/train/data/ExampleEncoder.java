package io.chagres.train.data;

import io.chagres.nn.text.Encoding;
import io.chagres.nn.text.Tokenizer;
import io.chagres.nn.text.chat.ChatMessage;
import io.chagres.nn.text.chat.ChatPrompt;
import io.chagres.nn.text.chat.ChatTemplate;
import io.chagres.train.data.ExampleFormat.Content;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/// Turns what examples say into tokens, and finds those that the assistant wrote.
///
/// @param tokenizer the tokenizer
/// @param eosId the token that ends a text
/// @param template what makes a text of a chat
/// @param completionsOnly whether only what the assistant writes is to be predicted; else all is. A
///   text that is no chat is predicted as a whole
public record ExampleEncoder(
        Tokenizer tokenizer, int eosId, ChatTemplate template, boolean completionsOnly) {

    /// Tokens of an example, and what its text is.
    ///
    /// @param text the text, for the split
    /// @param ids its tokens
    /// @param wanted which of them are to be predicted
    record Encoded(String text, int[] ids, boolean[] wanted) {
        /// The example, cut at the end where it is too long.
        ///
        /// @param most most inputs
        Example example(int most, int domain) {
            int n = Math.min(ids.length, most + 1);
            int all = 0;
            int valid = 0;
            for (int i = 1; i < ids.length; i++) {
                all++;
                valid += i < n && wanted[i] ? 1 : 0;
            }
            int bytes = text.getBytes(StandardCharsets.UTF_8).length;
            return new Example(
                    Arrays.copyOf(ids, n),
                    Arrays.copyOf(wanted, n),
                    domain,
                    all == 0 ? 0 : (double) bytes * valid / all);
        }
    }

    /// Encodes an example.
    ///
    /// @throws io.chagres.nn.text.chat.ChatTemplateException when the template refuses the chat
    /// @throws DataException when what the assistant wrote cannot be told from the rest
    Encoded encode(Content content) {
        return switch (content) {
            case Content.Text(String text) -> {
                int[] ids = withEnd(tokenizer.encode(text, true));
                boolean[] wanted = new boolean[ids.length];
                Arrays.fill(wanted, true);
                yield new Encoded(text, ids, wanted);
            }
            case Content.Chat chat -> encode(chat);
            case Content.Preference _ ->
                    throw new DataException(
                            "a chosen and a rejected answer are for finetune.objective: dpo");
        };
    }

    private int[] withEnd(int[] ids) {
        if (ids.length > 0 && ids[ids.length - 1] == eosId) {
            return ids;
        }
        int[] ended = Arrays.copyOf(ids, ids.length + 1);
        ended[ids.length] = eosId;
        return ended;
    }

    /// Encodes a chat.
    Encoded encode(Content.Chat chat) {
        ChatPrompt prompt =
                template.encode(tokenizer, chat.messages(), chat.tools(), false, Map.of());
        int[] ids = prompt.ids();
        boolean[] own = prompt.assistantMask();
        if (!completionsOnly) {
            own = new boolean[ids.length];
            Arrays.fill(own, true);
        } else if (own == null) {
            return byComparing(chat, prompt.text());
        }
        return new Encoded(prompt.text(), ids, own);
    }

    /// Where the template does not say it: a message of the assistant is what comes to the text of
    /// the messages before it, with the beginning of an answer, by that message.
    private Encoded byComparing(Content.Chat chat, String text) {
        Encoding tokens = tokenizer.encodeWithOffsets(text, false);
        boolean[] wanted = new boolean[tokens.size()];
        List<ChatMessage> messages = chat.messages();
        for (int i = 0; i < messages.size(); i++) {
            if (!messages.get(i).role().equals("assistant")) {
                continue;
            }
            String before = render(chat, i, true);
            String with = render(chat, i + 1, false);
            if (!with.startsWith(before) || !text.startsWith(with.stripTrailing())) {
                throw new DataException(
                        "message "
                                + i
                                + ": the chat template has no generation block, and writes a chat"
                                + " differently with each message: what the assistant wrote cannot"
                                + " be found");
            }
            int end = with.stripTrailing().length();
            for (int t = 0; t < wanted.length; t++) {
                wanted[t] |= tokens.end(t) > before.length() && tokens.start(t) < end;
            }
        }
        return new Encoded(text, tokens.ids(), wanted);
    }

    private String render(Content.Chat chat, int count, boolean prompt) {
        return template.render(chat.messages().subList(0, count), chat.tools(), prompt, Map.of());
    }
}
