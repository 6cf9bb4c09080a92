package io.chagres.nn.adapter;

import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.jspecify.annotations.Nullable;

/// Which modules of a model get an adapter, by their names in Hugging Face's checkpoints, such as
/// `model.layers.0.self_attn.q_proj`. The rules are PEFT's.
///
/// @param names last parts of names, such as `q_proj` or `self_attn.q_proj`; used when there is no
///   pattern
/// @param pattern a regular expression that the whole name matches; null for none. [#ALL_LINEAR]
///   stands for every linear layer but the output head
/// @param exclude last parts of names that get none
/// @param layers which layers, by number; empty for all
public record Targets(
        List<String> names, @Nullable String pattern, List<String> exclude, List<Integer> layers) {
    /// The pattern of every linear layer but the output head.
    public static final String ALL_LINEAR = "all-linear";

    private static final Pattern LAYER = Pattern.compile(".*\\.[^.]*\\.(\\d+)\\..*");

    /// Checks the pattern.
    ///
    /// @throws IllegalArgumentException when it is malformed, or there is neither pattern nor name
    public Targets {
        names = List.copyOf(names);
        exclude = List.copyOf(exclude);
        layers = List.copyOf(layers);
        if (pattern == null && names.isEmpty()) {
            throw new IllegalArgumentException("target_modules: at least one name is needed");
        }
        if (pattern != null && !pattern.equals(ALL_LINEAR)) {
            try {
                Pattern.compile(pattern);
            } catch (PatternSyntaxException e) {
                throw new IllegalArgumentException(
                        "target_modules: not a regular expression: " + e.getMessage(), e);
            }
        }
    }

    /// Modules whose names end in one of these.
    public static Targets named(String... names) {
        return new Targets(List.of(names), null, List.of(), List.of());
    }

    /// Modules whose whole name matches a regular expression.
    public static Targets matching(String pattern) {
        return new Targets(List.of(), pattern, List.of(), List.of());
    }

    /// Every linear layer but the output head.
    public static Targets allLinear() {
        return matching(ALL_LINEAR);
    }

    /// Whether a linear layer gets an adapter.
    ///
    /// @param module its name
    public boolean include(String module) {
        if (endsInOneOf(module, exclude)) {
            return false;
        }
        boolean named =
                pattern == null
                        ? endsInOneOf(module, names)
                        : pattern.equals(ALL_LINEAR)
                                ? !module.equals("lm_head")
                                : Pattern.matches(pattern, module);
        return named && (layers.isEmpty() || layers.contains(layer(module)));
    }

    private static int layer(String module) {
        Matcher m = LAYER.matcher(module);
        return m.matches() ? Integer.parseInt(m.group(1)) : -1;
    }

    static boolean endsInOneOf(String module, List<String> names) {
        return names.stream().anyMatch(n -> module.equals(n) || module.endsWith("." + n));
    }
}
