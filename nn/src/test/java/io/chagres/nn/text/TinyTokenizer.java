package io.chagres.nn.text;

import java.util.ArrayList;
import java.util.List;

/// A byte-level tokenizer that any test can have: trained on a few generated sentences.
final class TinyTokenizer {
    private TinyTokenizer() {}

    static BpeTrainer trainer() {
        return BpeTrainer.create(600).bosToken("<s>").eosToken("</s>").padToken("<pad>");
    }

    static Tokenizer create() {
        return trainer().train(texts());
    }

    static List<String> texts() {
        String[] who = {"The river", "A ship", "My neighbour's cat", "Nobody"};
        String[] does = {" carries", " watches", " doesn't like", " dreams of"};
        String[] what = {" 123 boats.", " the naïve café,", " rain\n\nand wind!", " 中文 and 😀."};
        List<String> texts = new ArrayList<>();
        for (String a : who) {
            for (String b : does) {
                for (String c : what) {
                    texts.add(a + b + c);
                }
            }
        }
        return texts;
    }
}
