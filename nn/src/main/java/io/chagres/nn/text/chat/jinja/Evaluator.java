package io.chagres.nn.text.chat.jinja;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Computes expressions.
final class Evaluator {
    private final Interpreter interpreter;
    private final Run run;

    Evaluator(Interpreter interpreter) {
        this.interpreter = interpreter;
        run = interpreter.run();
    }

    Object evaluate(Expression expression, Scope scope) {
        run.enter(expression.at());
        Object value = compute(expression, scope);
        run.leave();
        return value;
    }

    private Object compute(Expression expression, Scope scope) {
        Site site = new Site(interpreter, expression.at());
        return switch (expression) {
            case Expression.Literal literal -> literal.value();
            case Expression.Variable variable -> {
                Object value = scope.find(variable.name());
                yield value != null ? value : Undefined.variable(variable.name());
            }
            case Expression.Items items -> {
                List<Object> values = all(items.items(), scope);
                yield items.tuple() ? new Tuple(values) : values;
            }
            case Expression.Entries entries -> {
                Map<Object, Object> map = new LinkedHashMap<>();
                for (int i = 0; i < entries.keys().size(); i++) {
                    Object key = evaluate(entries.keys().get(i), scope);
                    Object value = evaluate(entries.values().get(i), scope);
                    map.put(Values.key(site, key), value);
                }
                yield map;
            }
            case Expression.Attribute attribute ->
                    Members.attribute(
                            site, evaluate(attribute.target(), scope), attribute.name());
            case Expression.Item item ->
                    Members.item(
                            site, evaluate(item.target(), scope), evaluate(item.index(), scope));
            case Expression.Slice slice ->
                    Members.slice(
                            site,
                            evaluate(slice.target(), scope),
                            bound(slice.start(), scope),
                            bound(slice.stop(), scope),
                            bound(slice.step(), scope));
            case Expression.Invoke invoke -> {
                Object target = evaluate(invoke.target(), scope);
                yield call(target, arguments(invoke, scope));
            }
            case Expression.Filtered filtered ->
                    filter(
                            filtered.at(),
                            filtered.name(),
                            evaluate(filtered.target(), scope),
                            filtered.call(),
                            scope);
            case Expression.Tested tested ->
                    test(
                            site,
                            tested.name(),
                            evaluate(tested.target(), scope),
                            arguments(site, tested.name(), tested.call(), scope));
            case Expression.Unary unary ->
                    Operators.unary(site, unary.operator(), evaluate(unary.operand(), scope));
            case Expression.Binary binary -> binary(site, binary, scope);
            case Expression.Compared compared -> compared(site, compared, scope);
            case Expression.Conditional conditional -> {
                if (Values.truth(evaluate(conditional.test(), scope))) {
                    yield evaluate(conditional.then(), scope);
                }
                Expression otherwise = conditional.otherwise();
                yield otherwise != null
                        ? evaluate(otherwise, scope)
                        : new Undefined("the inline if-expression evaluated to false and no else");
            }
        };
    }

    private List<Object> all(List<Expression> expressions, Scope scope) {
        List<Object> values = new ArrayList<>(expressions.size());
        for (Expression expression : expressions) {
            values.add(evaluate(expression, scope));
        }
        return values;
    }

    private Object bound(@Nullable Expression expression, Scope scope) {
        return expression == null ? None.NONE : evaluate(expression, scope);
    }

    private Object binary(Site site, Expression.Binary binary, Scope scope) {
        Object left = evaluate(binary.left(), scope);
        return switch (binary.operator()) {
            case "and" -> Values.truth(left) ? evaluate(binary.right(), scope) : left;
            case "or" -> Values.truth(left) ? left : evaluate(binary.right(), scope);
            default ->
                    Operators.binary(
                            site, binary.operator(), left, evaluate(binary.right(), scope));
        };
    }

    private Object compared(Site site, Expression.Compared compared, Scope scope) {
        Object left = evaluate(compared.first(), scope);
        for (int i = 0; i < compared.operators().size(); i++) {
            Object right = evaluate(compared.others().get(i), scope);
            if (!Operators.compare(site, compared.operators().get(i), left, right)) {
                return false;
            }
            left = right;
        }
        return true;
    }

    /// The arguments of a call, with what is called in errors.
    Arguments arguments(Expression.Invoke invoke, Scope scope) {
        String name =
                switch (invoke.target()) {
                    case Expression.Variable variable -> variable.name();
                    case Expression.Attribute attribute -> attribute.name();
                    default -> "the function";
                };
        return arguments(new Site(interpreter, invoke.at()), name, invoke.call(), scope);
    }

    private Arguments arguments(Site site, String function, Expression.Call call, Scope scope) {
        Map<String, Object> named = new LinkedHashMap<>();
        List<Object> positional = all(call.positional(), scope);
        for (Expression.Keyword keyword : call.named()) {
            if (named.put(keyword.name(), evaluate(keyword.value(), scope)) != null) {
                throw site.error("keyword argument repeated: " + keyword.name());
            }
        }
        return new Arguments(site, function, positional, named);
    }

    Object call(Object target, Arguments arguments) {
        Values.require(arguments.site(), target);
        if (target instanceof Function function) {
            return function.call(arguments);
        }
        throw arguments.site()
                .error("'" + Values.typeName(target) + "' object is not callable");
    }

    Object filter(int at, String name, Object value, Expression.Call call, Scope scope) {
        Site site = new Site(interpreter, at);
        return filter(name, value, arguments(site, name, call, scope));
    }

    /// Applies a filter by name.
    static Object filter(String name, Object value, Arguments arguments) {
        Filters.Filter filter = Filters.ALL.get(name);
        if (filter == null) {
            throw arguments.site().error("no filter named '" + name + "'");
        }
        return filter.apply(value, arguments);
    }

    /// Applies a test by name.
    static boolean test(Site site, String name, Object value, Arguments arguments) {
        Tests.Test test = Tests.ALL.get(name);
        if (test == null) {
            throw site.error("no test named '" + name + "'");
        }
        return test.holds(value, arguments);
    }
}
