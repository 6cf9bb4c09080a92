package io.chagres.nn.text.chat.jinja;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// The functions that every template knows.
final class Globals {
    static final Map<String, Object> ALL =
            Map.of(
                    "range", (Function) Globals::range,
                    "namespace", (Function) Globals::namespace,
                    "dict", (Function) Globals::dict,
                    "raise_exception", (Function) Globals::raise,
                    "strftime_now", (Function) Globals::now);

    private Globals() {}

    private static Object range(Arguments given) {
        boolean one = given.positional().size() == 1;
        Arguments.Bound arguments =
                one ? given.bind("stop") : given.bind("start", "stop", "step");
        long start = arguments.integer("start", 0);
        long stop = arguments.integer("stop");
        long step = arguments.integer("step", 1);
        if (step == 0) {
            throw given.site().error("range() arg 3 must not be zero");
        }
        List<Object> numbers = new ArrayList<>();
        for (long i = start; step > 0 ? i < stop : i > stop; i += step) {
            given.site().spend(1);
            numbers.add(i);
            if (step > 0 ? i > stop - step : i < stop - step) {
                break; // the next would be past the end, or past 64 bits
            }
        }
        return numbers;
    }

    private static Object namespace(Arguments given) {
        Map<String, Object> fields = new LinkedHashMap<>();
        pairs(given).forEach((key, value) -> fields.put(String.valueOf(key), value));
        return new Fields.Namespace(fields);
    }

    private static Object dict(Arguments given) {
        return pairs(given);
    }

    private static Map<Object, Object> pairs(Arguments given) {
        Map<Object, Object> all = new LinkedHashMap<>();
        for (Object source : given.positional()) {
            if (source instanceof Map<?, ?> map) {
                all.putAll(map);
                continue;
            }
            for (Object pair : Values.elements(given.site(), source)) {
                List<Object> both = Values.elements(given.site(), pair);
                if (both.size() != 2) {
                    throw given.site().error(given.function() + " needs pairs of key and value");
                }
                all.put(Values.key(given.site(), both.getFirst()), both.getLast());
            }
        }
        all.putAll(given.named());
        return all;
    }

    private static Object raise(Arguments given) {
        throw given.site().error(Printer.text(given.site(), given.bind("message").get("message")));
    }

    private static Object now(Arguments given) {
        String format = given.bind("format").text("format");
        return given.site()
                .made(Strftime.format(given.site().interpreter().clock(), format));
    }
}
