package io.chagres.train.eval.classify;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;

/// Minimises a smooth convex function by L-BFGS with a backtracking line search. Nocedal and Wright
/// 2006, "Numerical Optimization", algorithms 7.4 and 3.1.
final class Lbfgs {
    private static final int MEMORY = 10;
    private static final int MOST_HALVINGS = 40;
    private static final double SUFFICIENT = 1e-4;
    private static final double TOLERANCE = 1e-6;

    private Lbfgs() {}

    /// A function with its gradient.
    @FunctionalInterface
    interface Objective {
        /// Its value at a point.
        ///
        /// @param gradient is overwritten
        double at(double[] x, double[] gradient);
    }

    /// A step that was taken, the change of the gradient over it, and 1 / (step · change).
    private record Pair(double[] step, double[] change, double rho) {}

    static double[] minimize(double[] start, int maxIterations, Objective objective) {
        int n = start.length;
        double[] x = start.clone();
        double[] gradient = new double[n];
        double value = objective.at(x, gradient);
        Deque<Pair> memory = new ArrayDeque<>();
        for (int iteration = 0; iteration < maxIterations; iteration++) {
            double[] direction = direction(gradient, memory);
            double slope = dot(gradient, direction);
            double[] next = new double[n];
            double[] nextGradient = new double[n];
            double nextValue = Double.POSITIVE_INFINITY;
            double length = memory.isEmpty() ? 1 / Math.max(1, norm(gradient)) : 1;
            for (int i = 0; i < MOST_HALVINGS; i++, length /= 2) {
                for (int j = 0; j < n; j++) {
                    next[j] = x[j] + length * direction[j];
                }
                nextValue = objective.at(next, nextGradient);
                if (nextValue <= value + SUFFICIENT * length * slope) {
                    break;
                }
            }
            if (!(nextValue < value)) {
                return x; // as low as rounding allows
            }
            remember(memory, minus(next, x), minus(nextGradient, gradient));
            boolean done = value - nextValue <= TOLERANCE * Math.max(1, Math.abs(nextValue)) * 1e-3;
            x = next;
            gradient = nextGradient;
            value = nextValue;
            if (done || norm(gradient) <= TOLERANCE) {
                return x;
            }
        }
        return x;
    }

    private static void remember(Deque<Pair> memory, double[] step, double[] change) {
        double product = dot(step, change);
        if (product > 0) {
            memory.addLast(new Pair(step, change, 1 / product));
            if (memory.size() > MEMORY) {
                memory.removeFirst();
            }
        }
    }

    /// Minus the gradient, times an estimate of the inverse Hessian.
    private static double[] direction(double[] gradient, Deque<Pair> memory) {
        double[] q = gradient.clone();
        double[] alphas = new double[memory.size()];
        int i = memory.size();
        for (Iterator<Pair> newest = memory.descendingIterator(); newest.hasNext(); ) {
            Pair pair = newest.next();
            alphas[--i] = pair.rho * dot(pair.step, q);
            add(q, -alphas[i], pair.change);
        }
        if (!memory.isEmpty()) {
            Pair last = memory.getLast();
            double scale = 1 / (last.rho * dot(last.change, last.change));
            for (int j = 0; j < q.length; j++) {
                q[j] *= scale;
            }
        }
        for (Pair pair : memory) {
            add(q, alphas[i++] - pair.rho * dot(pair.change, q), pair.step);
        }
        for (int j = 0; j < q.length; j++) {
            q[j] = -q[j];
        }
        return q;
    }

    private static void add(double[] to, double factor, double[] x) {
        for (int i = 0; i < to.length; i++) {
            to[i] += factor * x[i];
        }
    }

    private static double[] minus(double[] a, double[] b) {
        double[] d = a.clone();
        add(d, -1, b);
        return d;
    }

    private static double dot(double[] a, double[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += a[i] * b[i];
        }
        return sum;
    }

    private static double norm(double[] a) {
        return Math.sqrt(dot(a, a));
    }
}
