package io.chagres.nn.text.normalize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import io.chagres.nn.text.RandomText;
import io.chagres.nn.text.chars.CharText;
import java.text.Normalizer.Form;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class UnicodeFormTest {
    @ParameterizedTest
    @EnumSource(Form.class)
    void cutsNormalizeLikeTheWhole(Form form) {
        var normalizer = new UnicodeForm(form);
        var texts = new RandomText(1);
        for (int i = 0; i < 3000; i++) {
            check(normalizer, form, texts.next(12));
        }
    }

    // Whatever stands before a character, cutting there must not change the result.
    @ParameterizedTest
    @EnumSource(Form.class)
    void everyCharacterAfterOthersThatCompose(Form form) {
        var normalizer = new UnicodeForm(form);
        String[] before = {"e", "가", "ᄀ", "ㄱ", "ﾡ", "か", "ｶ", "\u09C7", "a\u0323", "\uD81B\uDD67"};
        var random = new Random(2);
        for (int c = 1; c < 0x30000; c++) {
            if (Character.isDefined(c) && Character.getType(c) != Character.SURROGATE) {
                String text = before[random.nextInt(before.length)] + Character.toString(c);
                check(normalizer, form, text + "\u0301");
            }
        }
    }

    @Test
    void normalizedTextIsNotCopied() {
        CharText text = CharText.of("plain, naïve, 中文", true);
        assertThat(new UnicodeForm(Form.NFC).apply(text)).isSameAs(text);
    }

    @Test
    void outputKnowsTheCharactersItCameFrom() {
        CharText text = new UnicodeForm(Form.NFC).apply(CharText.of("xe\u0301y", true));
        assertThat(text.toString()).isEqualTo("xéy");
        assertThat(text.sourceStart(1)).isEqualTo(1);
        assertThat(text.sourceEnd(1)).isEqualTo(3);
        assertThat(text.sourceStart(2)).isEqualTo(3);
    }

    private static void check(UnicodeForm normalizer, Form form, String text) {
        String actual = normalizer.apply(CharText.of(text, true)).toString();
        String expected = java.text.Normalizer.normalize(text, form);
        if (!actual.equals(expected)) {
            fail("U+%s", text.codePoints().mapToObj(Integer::toHexString).toList());
        }
    }
}
