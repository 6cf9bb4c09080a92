package io.chagres.nn.text.chat.jinja;

import java.time.Clock;
import java.time.ZonedDateTime;
import java.time.format.TextStyle;
import java.time.temporal.ChronoField;
import java.time.temporal.IsoFields;
import java.util.Locale;

/// Dates by C's `strftime`, in English.
final class Strftime {
    private Strftime() {}

    static String format(Clock clock, String format) {
        ZonedDateTime now = ZonedDateTime.now(clock);
        var out = new StringBuilder();
        for (int i = 0; i < format.length(); i++) {
            char c = format.charAt(i);
            if (c != '%' || i + 1 == format.length()) {
                out.append(c);
                continue;
            }
            boolean bare = format.charAt(i + 1) == '-' && i + 2 < format.length();
            i += bare ? 2 : 1;
            String field = field(now, format.charAt(i));
            out.append(bare ? field.replaceFirst("^[0 ]+(?=.)", "") : field);
        }
        return out.toString();
    }

    private static String field(ZonedDateTime now, char kind) {
        return switch (kind) {
            case 'Y' -> String.valueOf(now.getYear());
            case 'y' -> two(now.getYear() % 100);
            case 'C' -> two(now.getYear() / 100);
            case 'm' -> two(now.getMonthValue());
            case 'B' -> now.getMonth().getDisplayName(TextStyle.FULL, Locale.ENGLISH);
            case 'b', 'h' -> now.getMonth().getDisplayName(TextStyle.FULL, Locale.ENGLISH).substring(0, 3);
            case 'd' -> two(now.getDayOfMonth());
            case 'e' -> "%2d".formatted(now.getDayOfMonth());
            case 'j' -> "%03d".formatted(now.getDayOfYear());
            case 'A' -> now.getDayOfWeek().getDisplayName(TextStyle.FULL, Locale.ENGLISH);
            case 'a' -> now.getDayOfWeek().getDisplayName(TextStyle.FULL, Locale.ENGLISH).substring(0, 3);
            case 'u' -> String.valueOf(now.getDayOfWeek().getValue());
            case 'w' -> String.valueOf(now.getDayOfWeek().getValue() % 7);
            case 'V' -> two(now.get(IsoFields.WEEK_OF_WEEK_BASED_YEAR));
            case 'G' -> String.valueOf(now.get(IsoFields.WEEK_BASED_YEAR));
            case 'H' -> two(now.getHour());
            case 'I' -> two(now.get(ChronoField.CLOCK_HOUR_OF_AMPM));
            case 'M' -> two(now.getMinute());
            case 'S' -> two(now.getSecond());
            case 'f' -> "%06d".formatted(now.getNano() / 1000);
            case 'p' -> now.getHour() < 12 ? "AM" : "PM";
            case 'F' -> now.toLocalDate().toString();
            case 'T' -> time(now) + ":" + two(now.getSecond());
            case 'R' -> time(now);
            case 'D' -> two(now.getMonthValue()) + "/" + two(now.getDayOfMonth()) + "/" + two(now.getYear() % 100);
            case 's' -> String.valueOf(now.toEpochSecond());
            case 'n' -> "\n";
            case 't' -> "\t";
            // The time is a local one: Python knows no zone for it.
            case 'z', 'Z' -> "";
            case '%' -> "%";
            default -> "%" + kind;
        };
    }

    private static String time(ZonedDateTime now) {
        return two(now.getHour()) + ":" + two(now.getMinute());
    }

    private static String two(int number) {
        return number < 10 ? "0" + number : String.valueOf(number);
    }
}
