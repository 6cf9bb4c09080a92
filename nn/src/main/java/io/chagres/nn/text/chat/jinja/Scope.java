package io.chagres.nn.text.chat.jinja;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The variables that are known at a place: those of the loop or macro around it, then those
/// further out.
final class Scope {
    private final Map<String, Object> variables = new HashMap<>();
    private final @Nullable Scope outer;

    /// The variables of a template, its input.
    Scope(Map<String, Object> variables) {
        this.variables.putAll(variables);
        outer = null;
    }

    private Scope(Scope outer) {
        this.outer = outer;
    }

    Scope inner() {
        return new Scope(this);
    }

    void set(String name, Object value) {
        variables.put(name, value);
    }

    @Nullable Object find(String name) {
        for (Scope scope = this; scope != null; scope = scope.outer) {
            Object value = scope.variables.get(name);
            if (value != null) {
                return value;
            }
        }
        return null;
    }
}
