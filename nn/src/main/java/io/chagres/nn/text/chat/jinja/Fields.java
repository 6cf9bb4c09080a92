package io.chagres.nn.text.chat.jinja;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A value with named fields, such as `loop`.
interface Fields {
    /// The value of a field, or `null`.
    @Nullable Object field(String name);

    /// What `namespace()` makes: fields that a template may set, from within loops too.
    final class Namespace implements Fields {
        private final Map<String, Object> values;

        Namespace(Map<String, Object> values) {
            this.values = new LinkedHashMap<>(values);
        }

        void set(String name, Object value) {
            values.put(name, value);
        }

        @Override
        public @Nullable Object field(String name) {
            return values.get(name);
        }
    }
}
