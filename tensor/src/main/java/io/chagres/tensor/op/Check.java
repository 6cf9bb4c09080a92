package io.chagres.tensor.op;

import io.chagres.tensor.DType;
import io.chagres.tensor.Shape;
import io.chagres.tensor.ShapeMismatch;
import io.chagres.tensor.Spec;
import java.util.Arrays;

/// The checks that ops share. Every message starts with the op's name and ends with what it was
/// given.
public final class Check {
    private Check() {}

    /// Throws with the op's name and its inputs unless the condition holds.
    public static void that(boolean ok, String op, String rule, Spec... in) {
        if (!ok) {
            throw new ShapeMismatch(op + ": " + rule + "; got " + Arrays.toString(in));
        }
    }

    /// Requires this many inputs.
    public static void arity(int n, String op, Spec... in) {
        if (in.length != n) { // builds no text where all is well
            that(false, op, "takes " + n + " inputs", in);
        }
    }

    /// Requires one dtype for all inputs.
    public static void sameDType(String op, Spec... in) {
        for (Spec s : in) {
            that(s.dtype() == in[0].dtype(), op, "inputs must have one dtype; cast() first", in);
        }
    }

    /// Requires a float dtype of the first input.
    public static void isFloat(String op, Spec... in) {
        that(in[0].dtype().isFloat(), op, "needs a float dtype", in);
    }

    /// Requires an index dtype, I32 or I64.
    public static void isIndex(int input, String op, Spec... in) {
        DType d = in[input].dtype();
        that(d == DType.I32 || d == DType.I64, op, "indices must be I32 or I64", in);
    }

    /// Requires one of the inputs to have a shape.
    public static void shape(int input, Shape want, String op, Spec... in) {
        if (!in[input].shape().equals(want)) {
            that(false, op, "input " + input + " must be " + want, in);
        }
    }

    /// Requires shapes that broadcast and returns the joint one.
    public static Shape broadcast(String op, Spec... in) {
        Shape s = in[0].shape();
        try {
            for (Spec i : in) {
                s = Shape.broadcast(s, i.shape());
            }
            return s;
        } catch (ShapeMismatch e) {
            throw new ShapeMismatch(op + ": shapes do not broadcast; got " + Arrays.toString(in));
        }
    }

    /// Requires an existing axis and returns it counted from the front.
    public static int axis(int axis, String op, Spec... in) {
        int r = in[0].shape().rank();
        int a = axis < 0 ? axis + r : axis;
        that(a >= 0 && a < r, op, "axis " + axis + " does not exist", in);
        return a;
    }
}
