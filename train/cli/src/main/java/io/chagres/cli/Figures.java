package io.chagres.cli;

import java.math.BigDecimal;
import java.math.MathContext;
import java.time.Duration;
import java.util.Locale;

/// How figures are written for people.
final class Figures {
    private static final String[] UNITS = {"B", "KiB", "MiB", "GiB", "TiB"};

    private Figures() {}

    /// A text with figures in it, whatever the country.
    @SuppressWarnings("AnnotateFormatMethod") // the annotation is in a jar that nobody else needs
    static String format(String format, Object... arguments) {
        return String.format(Locale.ROOT, format, arguments);
    }

    /// A number with as few digits as it takes, at most three of them: `3`, `2.5`, `0.125`.
    static String plain(double x) {
        return new BigDecimal(x).round(new MathContext(3)).stripTrailingZeros().toPlainString();
    }

    /// A size such as `312 MiB` or `1.5 GiB`.
    static String bytes(double size) {
        int unit = 0;
        double scaled = size;
        while (scaled >= 1000 && unit < UNITS.length - 1) {
            scaled /= 1024;
            unit++;
        }
        return format(unit == 0 || scaled >= 10 ? "%.0f %s" : "%.1f %s", scaled, UNITS[unit]);
    }

    /// A count such as `950`, `12.6 k` or `1.3 M`.
    static String count(long n) {
        if (n < 1_000) {
            return Long.toString(n);
        }
        if (n < 1_000_000) {
            return format("%.1f k", n / 1e3);
        }
        return n < 1_000_000_000 ? format("%.1f M", n / 1e6) : format("%.2f G", n / 1e9);
    }

    /// A time such as `0:42`, `12:05` or `3:04:59`.
    static String time(Duration time) {
        long seconds = Math.round(time.toMillis() / 1e3);
        long hours = seconds / 3600;
        return hours > 0
                ? format("%d:%02d:%02d", hours, seconds / 60 % 60, seconds % 60)
                : format("%d:%02d", seconds / 60, seconds % 60);
    }
}
