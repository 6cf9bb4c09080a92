package io.chagres.nn.text.chat.jinja;

import io.chagres.nn.text.chat.jinja.Statement.Branch;
import io.chagres.nn.text.chat.jinja.Statement.Routine;
import io.chagres.nn.text.chat.jinja.Statement.Step;
import io.chagres.nn.text.chat.jinja.Statement.Target;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Runs the statements of a template.
final class Interpreter {
    private enum Flow {
        NEXT,
        BREAK,
        CONTINUE
    }

    private final Run run;
    private final Evaluator evaluator;
    private final Clock clock;
    private boolean lost; // a generation block wrote where its place in the text is not known

    Interpreter(Run run, Clock clock) {
        this.run = run;
        this.clock = clock;
        evaluator = new Evaluator(this);
    }

    Run run() {
        return run;
    }

    Clock clock() {
        return clock;
    }

    Evaluator evaluator() {
        return evaluator;
    }

    Rendered render(List<Statement> template, Map<String, Object> variables) {
        var out = new Output(false);
        Scope globals = new Scope(Globals.ALL);
        Scope scope = globals.inner();
        variables.forEach(scope::set);
        body(template, scope, out);
        return out.finish(lost);
    }

    private Flow body(List<Statement> statements, Scope scope, Output out) {
        for (Statement statement : statements) {
            Flow flow = execute(statement, scope, out);
            if (flow != Flow.NEXT) {
                return flow;
            }
        }
        return Flow.NEXT;
    }

    private Flow execute(Statement statement, Scope scope, Output out) {
        run.enter(0);
        Flow flow = Flow.NEXT;
        switch (statement) {
            case Statement.Data data -> out.write(site(0), data.text());
            case Statement.Print print -> {
                Site site = site(print.value().at());
                Object value = evaluator.evaluate(print.value(), scope);
                out.write(site, Printer.text(site, value));
            }
            case Statement.If choice -> flow = choose(choice, scope, out);
            case Statement.For loop -> flow = loop(loop, scope, out);
            case Statement.Assign assign ->
                    assign(
                            assign.target(),
                            evaluator.evaluate(assign.value(), scope),
                            assign.value().at(),
                            scope);
            case Statement.Capture capture -> {
                var captured = new Output(true);
                flow = body(capture.body(), scope.inner(), captured);
                Object text = filtered(captured.toString(), capture.filters(), scope);
                assign(capture.target(), text, 0, scope);
            }
            case Statement.Macro macro ->
                    scope.set(macro.name(), routine(macro.name(), macro.routine(), scope));
            case Statement.CallBlock call -> call(call, scope, out);
            case Statement.FilterBlock block -> {
                var captured = new Output(true);
                flow = body(block.body(), scope.inner(), captured);
                Object text = filtered(captured.toString(), block.filters(), scope);
                out.write(site(0), Printer.text(site(0), text));
            }
            case Statement.With with -> {
                Scope inner = scope.inner();
                for (Expression.Keyword variable : with.variables()) {
                    inner.set(
                            variable.name(), evaluator.evaluate(variable.value(), scope));
                }
                flow = body(with.body(), inner, out);
            }
            case Statement.Generation generation -> {
                int from = out.length();
                flow = body(generation.body(), scope.inner(), out);
                lost |= !out.markGenerated(from);
            }
            case Statement.Jump jump -> flow = jump.leaves() ? Flow.BREAK : Flow.CONTINUE;
        }
        run.leave();
        return flow;
    }

    private Site site(int at) {
        return new Site(this, at);
    }

    private Flow choose(Statement.If choice, Scope scope, Output out) {
        for (Branch branch : choice.branches()) {
            if (Values.truth(evaluator.evaluate(branch.test(), scope))) {
                return body(branch.body(), scope, out);
            }
        }
        return body(choice.otherwise(), scope, out);
    }

    private Flow loop(Statement.For loop, Scope scope, Output out) {
        Site site = site(loop.values().at());
        List<Object> all =
                Values.elements(site, evaluator.evaluate(loop.values(), scope));
        List<Object> items = all;
        Expression test = loop.test();
        if (test != null) {
            items = new ArrayList<>();
            for (Object item : all) {
                Scope inner = scope.inner();
                assign(loop.target(), item, loop.at(), inner);
                if (Values.truth(evaluator.evaluate(test, inner))) {
                    items.add(item);
                }
            }
        }
        if (items.isEmpty()) {
            return body(loop.otherwise(), scope.inner(), out);
        }
        Loop state = new Loop(items);
        while (state.next()) {
            Scope inner = scope.inner();
            inner.set("loop", state);
            assign(loop.target(), state.item(), loop.at(), inner);
            if (body(loop.body(), inner, out) == Flow.BREAK) {
                break;
            }
        }
        return Flow.NEXT;
    }

    private void assign(Target target, Object value, int at, Scope scope) {
        switch (target) {
            case Target.Name name -> scope.set(name.name(), value);
            case Target.Field field -> {
                if (!(scope.find(field.namespace()) instanceof Fields.Namespace namespace)) {
                    throw run.error(
                            field.at(), "cannot assign attribute on non-namespace object");
                }
                namespace.set(field.field(), value);
            }
            case Target.Several several -> {
                List<Object> values = Values.elements(site(at), value);
                if (values.size() != several.parts().size()) {
                    throw run.error(
                            several.at(),
                            "%d values for %d variables"
                                    .formatted(values.size(), several.parts().size()));
                }
                for (int i = 0; i < values.size(); i++) {
                    assign(several.parts().get(i), values.get(i), at, scope);
                }
            }
        }
    }

    private Object filtered(Object text, List<Step> filters, Scope scope) {
        Object value = text;
        for (Step step : filters) {
            value = evaluator.filter(step.at(), step.name(), value, step.call(), scope);
        }
        return value;
    }

    private void call(Statement.CallBlock block, Scope scope, Output out) {
        Expression.Invoke invoke = block.invoke();
        Object target = evaluator.evaluate(invoke.target(), scope);
        Arguments arguments = evaluator.arguments(invoke, scope);
        arguments.named().put("caller", routine("caller", block.caller(), scope));
        Site site = site(block.at());
        out.write(site, Printer.text(site, evaluator.call(target, arguments)));
    }

    private Function routine(String name, Routine routine, Scope scope) {
        return arguments -> {
            run.enter(arguments.site().at());
            Scope inner = scope.inner();
            bind(name, routine, arguments, inner);
            var captured = new Output(true);
            body(routine.body(), inner, captured);
            run.leave();
            return captured.toString();
        };
    }

    private void bind(String name, Routine routine, Arguments arguments, Scope scope) {
        List<String> parameters = routine.parameters();
        List<Object> given = arguments.positional();
        Map<String, Object> named = arguments.named();
        int firstDefault = parameters.size() - routine.defaults().size();
        for (int i = 0; i < parameters.size(); i++) {
            String parameter = parameters.get(i);
            @Nullable Object value = i < given.size() ? given.get(i) : named.remove(parameter);
            if (value == null) {
                value =
                        i < firstDefault
                                ? new Undefined(
                                        "parameter '" + parameter + "' was not provided")
                                : evaluator.evaluate(
                                        routine.defaults().get(i - firstDefault), scope);
            }
            scope.set(parameter, value);
        }
        Object caller = named.remove("caller");
        scope.set("caller", caller != null ? caller : new Undefined("no caller defined"));
        int extra = Math.min(given.size(), parameters.size());
        scope.set("varargs", new Tuple(given.subList(extra, given.size())));
        scope.set("kwargs", named);
        if (!named.isEmpty() && !routine.takesKeywords()) {
            throw arguments.site()
                    .error("macro '" + name + "' takes no keyword argument "
                            + named.keySet().iterator().next());
        }
        if (extra < given.size() && !routine.takesMore()) {
            throw arguments.site()
                    .error("macro '%s' takes not more than %d argument(s)"
                            .formatted(name, parameters.size()));
        }
    }
}
