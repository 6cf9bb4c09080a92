package io.chagres.nn.text.chat.jinja;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Hostile templates end with an error, soon and without exhausting memory or stack; errors tell
/// where they are.
class LimitsTest {
    private static final Limits SMALL = new Limits(100_000, 1_000_000, 200);

    private static Rendered render(String template) {
        return Template.parse(template)
                .render(Map.of("xs", List.of(1L, 2L)), SMALL, TemplatesTest.CLOCK);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{% for a in range(1000000000000) %}{% endfor %}",
                "{% for a in range(1000) %}{% for b in range(1000) %}{% endfor %}{% endfor %}",
                "{{ [0] * 10000000000 }}",
                "{{ [[0] * 1000] * 1000 }}",
                "{% set n = namespace(l=[0]) %}{% for i in range(99) %}{% set n.l = n.l + n.l %}"
                        + "{% endfor %}",
                "{{ range(0, 100000000)|list|sort }}",
            })
    void tooManySteps(String template) {
        assertThatThrownBy(() -> render(template))
                .isInstanceOf(JinjaException.class)
                .hasMessageContaining("more than");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{{ 'x' * 100000000000 }}",
                "{{ 'xy' * 9223372036854775807 }}",
                "{% set n = namespace(s='xx') %}{% for i in range(99) %}{% set n.s = n.s ~ n.s %}"
                        + "{% endfor %}",
                "{% set n = namespace(s='xx') %}{% for i in range(99) %}"
                        + "{% set n.s = n.s|replace('x', 'xx') %}{% endfor %}",
                "{% set n = namespace(s='xx') %}{% for i in range(99) %}"
                        + "{% set n.s = '%s%s' % (n.s, n.s) %}{% endfor %}",
                "{% set n = namespace(s='xx') %}{% for i in range(99) %}"
                        + "{% set n.s = '{0}{0}'.format(n.s) %}{% endfor %}",
                "{% set n = namespace(s='xx') %}{% for i in range(99) %}"
                        + "{% set n.s = [n.s, n.s]|join %}{% endfor %}",
                "{% set n = namespace(s='xx') %}{% for i in range(99) %}"
                        + "{% set n.s = [n.s, n.s]|string %}{% endfor %}",
                "{% set n = namespace(s='xx') %}{% for i in range(99) %}"
                        + "{% set n.s = [n.s, n.s]|tojson %}{% endfor %}",
                "{% set n = namespace(s='xx') %}{% for i in range(99) %}"
                        + "{% set n.s %}{{ n.s }}{{ n.s }}{% endset %}{% endfor %}",
                "{{ 'a'.center(1000000000) }}",
                "{{ ('a\\n' * 1000)|indent(100000) }}",
                "{{ [1]|tojson(indent=1000)|length }}{% for i in range(5000) %}"
                        + "{{ [[[[1]]]]|tojson(indent=1000) }}{% endfor %}",
                "{% set s = 'x' * 99999 %}{% for i in range(99) %}{{ s.upper() }}{% endfor %}",
                "{% set s = 'x' * 99999 %}{% for i in range(99) %}{{ s }}{% endfor %}",
                "{% set s = 'x' * 99999 %}{{ ([s] * 99)|string|length }}",
            })
    void tooManyCharacters(String template) {
        assertThatThrownBy(() -> render(template))
                .isInstanceOf(JinjaException.class)
                .hasMessageContaining("more than");
    }

    @Test
    void tooDeep() {
        assertThatThrownBy(() -> render("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}"))
                .isInstanceOf(JinjaException.class)
                .hasMessageContaining("nested deeper");
        for (String open :
                List.of("(", "[", "{1:", "-", "not ", "x if ", "f(", "xs[", "{% if 1 %}")) {
            String template = open.startsWith("{%") ? open.repeat(5000) : "{{ " + open.repeat(5000);
            assertThatThrownBy(() -> render(template)).as(open).isInstanceOf(JinjaException.class);
        }
        // Chains to the left are no nesting for the parser, but they are when evaluated.
        for (String link : List.of(" + 1", "|abs", "[0]", ".a", " ~ 1", " is defined", "()")) {
            assertThatThrownBy(() -> render("{{ xs" + link.repeat(5000) + " }}"))
                    .as(link)
                    .isInstanceOf(JinjaException.class);
        }
    }

    @Test
    void defaultDepthFitsASmallStack() throws InterruptedException {
        Template template =
                Template.parse(
                        "{% macro m() %}{% if 1 %}{% for a in [1] %}{{ ('a' ~ m(x=[{1: m()}]))|trim"
                                + " }}{% endfor %}{% endif %}{% endmacro %}{{ m() }}");
        var thrown = new AtomicReference<Throwable>();
        Thread small =
                new Thread(
                        null,
                        () -> template.render(Map.of(), Limits.DEFAULT, TemplatesTest.CLOCK),
                        "small stack",
                        640 << 10);
        small.setUncaughtExceptionHandler((thread, e) -> thrown.set(e));
        small.start();
        small.join();
        assertThat(thrown.get())
                .isInstanceOf(JinjaException.class)
                .hasMessageContaining("nested deeper than 500");
    }

    @Test
    void listThatHoldsItself() {
        String loop = "{% set l = [1] %}{% set q = l.append(l) %}";
        for (String use : List.of("{{ l }}", "{{ l|tojson }}")) {
            assertThatThrownBy(() -> render(loop + use))
                    .as(use)
                    .isInstanceOf(JinjaException.class)
                    .hasMessageContaining("nested deeper");
        }
        String two = loop + "{% set k = [1] %}{% set q = k.append(k) %}{{ k == l }}";
        assertThatThrownBy(() -> render(two)).hasMessageContaining("nested deeper");
        assertThat(render(loop + "{% for x in l %}{% set q = l.append(x) %}{% endfor %}").text())
                .isEmpty();
    }

    @Test
    void whatTheTemplateChangesIsACopy() {
        List<Object> list = new ArrayList<>(List.of(1L));
        Rendered rendered =
                Template.parse("{% set q = l.append(2) %}{{ l }}")
                        .render(Map.of("l", list), SMALL, TemplatesTest.CLOCK);
        assertThat(rendered.text()).isEqualTo("[1, 2]");
        assertThat(list).containsExactly(1L);
    }

    @Test
    void errorsTellTheirPlace() {
        check("a\n  {{ 1 + 'a' }}", 2, 8, "unsupported operand type(s) for +: 'int' and 'str'");
        check("{{ nothing.here }}", 1, 11, "'nothing' is undefined");
        check("{{ xs.here.there }}", 1, 11, "'list object' has no attribute 'here'");
        check("\r\n\r\n{% if x", 3, 1, "the tag is not closed by '%}'");
        check("{% if x %}\n", 1, 4, "'if' is not closed by '{% endif %}'");
        check("{{ x | nosuch }}", 1, 8, "no filter named 'nosuch'");
        check("{{ x is nosuch }}", 1, 9, "no test named 'nosuch'");
        check("{% block a %}", 1, 4, "unknown tag 'block'");
        check("{% for a in b recursive %}", 1, 15, "recursive loops are not supported");
        check("{{ 'abc }}", 1, 4, "the string is not closed");
        check("{{ a b }}", 1, 6, "expected '}}', found 'b'");
        check("{{ 9223372036854775807 + 1 }}", 1, 24, "a whole number is beyond 64 bits");
        check("{{ 99999999999999999999 }}", 1, 4, "99999999999999999999 is beyond 64 bits");
        check("{{ f(*a) }}", 1, 6, "arguments by '*' and '**' are not supported");
        check("{{ xs | join(x=1) }}", 1, 9, "join has no parameter 'x'");
        check("{{ 'a'.replace('a') }}", 1, 15, "replace needs the argument 'new'");
        check("{% endfor %}", 1, 4, "unexpected tag 'endfor'");
        check("{{ raise_exception('no') }}", 1, 19, "no");
    }

    private static void check(String template, int line, int column, String message) {
        JinjaException thrown = catchThrowableOfType(JinjaException.class, () -> render(template));
        assertThat(thrown).as(template).isNotNull().hasMessage(message);
        assertThat(thrown.line()).as(template).isEqualTo(line);
        assertThat(thrown.column()).as(template).isEqualTo(column);
    }
}
