package io.chagres.nn.text.chat.jinja;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// What a function is called with.
///
/// @param site where
/// @param function its name, for errors
/// @param positional values without a name, in order
/// @param named values with one
record Arguments(Site site, String function, List<Object> positional, Map<String, Object> named) {
    /// The same by name, when the parameters are these.
    Bound bind(String... names) {
        if (positional.size() > names.length) {
            throw site.error(
                    "%s takes at most %d arguments, not %d"
                            .formatted(function, names.length, positional.size()));
        }
        Map<String, Object> values = new LinkedHashMap<>();
        for (int i = 0; i < positional.size(); i++) {
            values.put(names[i], positional.get(i));
        }
        named.forEach((name, value) -> {
            if (!List.of(names).contains(name)) {
                throw site.error(function + " has no parameter '" + name + "'");
            }
            if (values.put(name, value) != null) {
                throw site.error(function + " got two values for '" + name + "'");
            }
        });
        return new Bound(site, function, values);
    }

    /// Arguments by name.
    record Bound(Site site, String function, Map<String, Object> values) {
        boolean has(String name) {
            return values.containsKey(name);
        }

        Object get(String name) {
            Object value = values.get(name);
            if (value == null) {
                throw site.error(function + " needs the argument '" + name + "'");
            }
            return value;
        }

        Object get(String name, Object absent) {
            return values.getOrDefault(name, absent);
        }

        boolean truth(String name, boolean absent) {
            return Values.truth(get(name, absent));
        }

        long integer(String name) {
            return toInteger(name, get(name));
        }

        long integer(String name, long absent) {
            return toInteger(name, get(name, absent));
        }

        private long toInteger(String name, Object value) {
            return switch (value) {
                case Long n -> n;
                case Boolean b -> b ? 1 : 0;
                default -> throw wrong(name, "an integer", value);
            };
        }

        String text(String name) {
            return toText(name, get(name));
        }

        String text(String name, String absent) {
            return toText(name, get(name, absent));
        }

        /// A string, or `null` when absent or `none`.
        @Nullable String textOrNull(String name) {
            return optional(name).map(value -> toText(name, value)).orElse(null);
        }

        /// A value that is neither absent nor `none`.
        Optional<Object> optional(String name) {
            return Optional.ofNullable(values.get(name)).filter(value -> value != None.NONE);
        }

        private String toText(String name, Object value) {
            if (value instanceof String s) {
                return s;
            }
            throw wrong(name, "a string", value);
        }

        JinjaException wrong(String name, String expected, Object value) {
            Values.require(site, value);
            return site.error(
                    "the argument '%s' of %s must be %s, not %s"
                            .formatted(name, function, expected, Values.typeName(value)));
        }
    }
}
