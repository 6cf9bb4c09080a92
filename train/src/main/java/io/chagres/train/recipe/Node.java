package io.chagres.train.recipe;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// A YAML document as a tree. Scalars stay text: what they mean is decided by the key.
sealed interface Node {
    /// What an error message says was found.
    String describe();

    /// A single value.
    record Scalar(String text) implements Node {
        private static final int SHOWN = 60;

        @Override
        public String describe() {
            String shown = text.length() > SHOWN ? text.substring(0, SHOWN) + "…" : text;
            return "'" + shown.replace("\n", "\\n") + "'";
        }
    }

    /// No value: `null`, `~` or nothing after the colon. The same as leaving the key out.
    record Nothing() implements Node {
        @Override
        public String describe() {
            return "nothing";
        }
    }

    /// A list; may be changed.
    record Sequence(List<Node> items) implements Node {
        static Sequence of(Node item) {
            return new Sequence(new ArrayList<>(List.of(item)));
        }

        @Override
        public String describe() {
            return "a list";
        }
    }

    /// Keys with values; may be changed.
    record Mapping(Map<String, Node> entries) implements Node {
        static Mapping empty() {
            return new Mapping(new LinkedHashMap<>());
        }

        @Override
        public String describe() {
            return "a group of keys";
        }
    }
}
