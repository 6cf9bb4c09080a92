package io.chagres.nn.text.chat.jinja;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// The variable `loop`.
final class Loop implements Fields {
    private final List<Object> items;
    private int index = -1;
    private @Nullable Object lastValue; // that `changed` was called with

    Loop(List<Object> items) {
        this.items = items;
    }

    boolean next() {
        return ++index < items.size();
    }

    Object item() {
        return items.get(index);
    }

    @Override
    public @Nullable Object field(String name) {
        return switch (name) {
            case "index" -> index + 1L;
            case "index0" -> (long) index;
            case "revindex" -> (long) items.size() - index;
            case "revindex0" -> items.size() - index - 1L;
            case "first" -> index == 0;
            case "last" -> index == items.size() - 1;
            case "length" -> (long) items.size();
            case "depth" -> 1L; // counts recursion only
            case "depth0" -> 0L;
            case "previtem" ->
                    index > 0
                            ? items.get(index - 1)
                            : new Undefined("there is no previous item");
            case "nextitem" ->
                    index + 1 < items.size()
                            ? items.get(index + 1)
                            : new Undefined("there is no next item");
            case "cycle" -> (Function) this::cycle;
            case "changed" -> (Function) this::changed;
            default -> null;
        };
    }

    private Object cycle(Arguments arguments) {
        List<Object> choices = arguments.positional();
        if (choices.isEmpty()) {
            throw arguments.site().error("no items for cycling given");
        }
        return choices.get(index % choices.size());
    }

    private Object changed(Arguments arguments) {
        Object value = new Tuple(arguments.positional());
        boolean changed = lastValue == null || !Values.same(arguments.site(), lastValue, value);
        lastValue = value;
        return changed;
    }
}
