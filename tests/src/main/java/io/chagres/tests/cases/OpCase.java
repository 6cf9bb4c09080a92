package io.chagres.tests.cases;

import io.chagres.tensor.DType;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Spec;
import io.chagres.tensor.op.Op;
import io.chagres.tensor.op.Update;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A row of the table. Its name starts with the op's name as error messages have it, followed by
/// what is special about the row.
///
/// @param name unique name
/// @param op the operation
/// @param inputs what it takes
/// @param tolerance how exact it must be
/// @param rejected specs it must refuse
/// @param gradOf outputs that gradients flow back from; null for every float output
/// @param secondOrder whether the gradient's gradient is checked too
/// @param large bigger versions of the row, for benchmarks
public record OpCase(
        String name,
        Op op,
        List<Input> inputs,
        Tolerance tolerance,
        List<List<Spec>> rejected,
        @Nullable List<Integer> gradOf,
        boolean secondOrder,
        List<OpCase> large) {
    /// Dtypes a float input is tested in.
    public static final List<DType> FLOATS = List.of(DType.F64, DType.F32, DType.BF16, DType.F16);

    /// A row with one rounding, no rejected shapes and gradients of the first order.
    public static OpCase of(String name, Op op, Input... inputs) {
        return new OpCase(
                name, op, List.of(inputs), Tolerance.ROUNDED, List.of(), null, false, List.of());
    }

    /// The same row with another tolerance.
    public OpCase within(Tolerance t) {
        return new OpCase(name, op, inputs, t, rejected, gradOf, secondOrder, large);
    }

    /// The same row, refusing these shapes too; dtypes are those of the inputs (F32 under test).
    public OpCase rejects(Shape... shapes) {
        Spec[] specs = new Spec[shapes.length];
        for (int i = 0; i < specs.length; i++) {
            DType d = i < inputs.size() ? inputs.get(i).dtype(DType.F32) : DType.F32;
            specs[i] = new Spec(d, shapes[i]);
        }
        return rejects(specs);
    }

    /// The same row, refusing these inputs too.
    public OpCase rejects(Spec... specs) {
        List<List<Spec>> all = new ArrayList<>(rejected);
        all.add(List.of(specs));
        return new OpCase(name, op, inputs, tolerance, all, gradOf, secondOrder, large);
    }

    /// The same row, where gradients flow back from these outputs only.
    public OpCase gradOf(Integer... outputs) {
        return new OpCase(
                name, op, inputs, tolerance, rejected, List.of(outputs), secondOrder, large);
    }

    /// The same row with second derivatives checked.
    public OpCase twice() {
        return new OpCase(name, op, inputs, tolerance, rejected, gradOf, true, large);
    }

    /// The same row with a bigger version for benchmarks.
    public OpCase large(Op bigger, Input... of) {
        List<OpCase> all = new ArrayList<>(large);
        all.add(of(name, bigger, of));
        return new OpCase(name, op, inputs, tolerance, rejected, gradOf, secondOrder, all);
    }

    /// The op's name in messages: the first word of the row's name.
    public String label() {
        int end = name.indexOf(' ');
        return end < 0 ? name : name.substring(0, end);
    }

    /// Dtypes to test: all float dtypes, or one where no input depends on it.
    public List<DType> dtypes() {
        boolean any = inputs.stream().anyMatch(i -> i.fixed() == null);
        return any ? FLOATS : List.of(DType.F64);
    }

    /// Elements of each input, row-major, before they are rounded to a dtype.
    public double[][] values() {
        double[][] all = new double[inputs.size()][];
        for (int i = 0; i < all.length; i++) {
            all[i] = inputs.get(i).make(31L * name.hashCode() + i);
        }
        return all;
    }

    /// Specs of the inputs.
    public Spec[] specs(DType tested) {
        return inputs.stream().map(i -> i.spec(tested)).toArray(Spec[]::new);
    }

    /// Inputs whose gradient is checked: not constant, of the float dtype under test.
    public boolean[] wants() {
        boolean[] all = new boolean[inputs.size()];
        for (int i = 0; i < all.length; i++) {
            all[i] = inputs.get(i).fixed() == null && !inputs.get(i).constant();
        }
        return all;
    }

    /// Whether there is a gradient to check when `tested` is under test.
    public boolean hasGradient(DType tested) {
        if (op instanceof Update || !op.isDifferentiable()) {
            return false;
        }
        boolean any = false;
        for (boolean w : wants()) {
            any |= w;
        }
        return any && gradOutputs(tested).length > 0;
    }

    /// Outputs that gradients flow back from.
    public int[] gradOutputs(DType tested) {
        List<Integer> chosen = gradOf;
        if (chosen != null) {
            return chosen.stream().mapToInt(Integer::intValue).toArray();
        }
        Spec[] out = op.infer(specs(tested));
        int[] all = new int[out.length];
        int n = 0;
        for (int i = 0; i < out.length; i++) {
            if (out[i].dtype().isFloat()) {
                all[n++] = i;
            }
        }
        return Arrays.copyOf(all, n);
    }

    @Override
    public String toString() {
        return name;
    }
}
