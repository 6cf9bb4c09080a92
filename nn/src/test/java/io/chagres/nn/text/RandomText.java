package io.chagres.nn.text;

import java.util.List;
import java.util.Random;

/// Random text of the kinds of characters that tokenizers treat differently.
public final class RandomText {
    private static final List<String> WORDS =
            List.of(
                    "'s",
                    "'T",
                    "'re",
                    "'VE",
                    "'ll",
                    "'d",
                    "'\u017F",
                    "don't",
                    "Hello",
                    " the",
                    " 123",
                    "4567",
                    "\r\n",
                    "\n\n",
                    "  ",
                    "   ",
                    "中文",
                    "カナ",
                    "한국어",
                    "½",
                    "e\u0301",
                    "\u0644\u0627",
                    "👨\u200D👩",
                    "\u00A0",
                    "\u3000",
                    "\u0085",
                    "\t",
                    "(x)",
                    "/path",
                    " _",
                    "#$%",
                    "'",
                    " '",
                    "٣٤",
                    "ǅ",
                    "ª",
                    "\u0903",
                    "\0");

    private final Random random;

    public RandomText(long seed) {
        random = new Random(seed);
    }

    /// A text of at most `parts` words and single characters.
    public String next(int parts) {
        var text = new StringBuilder();
        int n = 1 + random.nextInt(parts);
        for (int i = 0; i < n; i++) {
            switch (random.nextInt(6)) {
                case 0, 1 -> text.append(WORDS.get(random.nextInt(WORDS.size())));
                case 2 -> text.append((char) (32 + random.nextInt(95)));
                case 3 ->
                        text.append(
                                String.valueOf((char) ('a' + random.nextInt(26)))
                                        .repeat(1 + random.nextInt(5)));
                case 4 -> text.append(" ".repeat(1 + random.nextInt(2)));
                default -> text.appendCodePoint(assigned());
            }
        }
        return text.toString();
    }

    private int assigned() {
        while (true) {
            int codePoint = 1 + random.nextInt(random.nextBoolean() ? 0x3000 : 0x1FFFF);
            int type = Character.getType(codePoint);
            if (type != Character.UNASSIGNED
                    && type != Character.SURROGATE
                    && type != Character.PRIVATE_USE) {
                return codePoint;
            }
        }
    }
}
