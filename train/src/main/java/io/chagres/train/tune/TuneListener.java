package io.chagres.train.tune;

import io.chagres.train.loop.StepMetrics;

/// Told how a search comes along, on the thread that trains. Does nothing unless overridden.
public interface TuneListener {
    /// A listener that does nothing.
    TuneListener NONE = new TuneListener() {};

    /// The settings are drawn.
    default void planned(Rungs rungs, int trials) {}

    /// A rung begins.
    ///
    /// @param rung counted from 0
    /// @param trials how many come to it
    default void rung(int rung, int trials) {}

    /// A trial has taken a step.
    ///
    /// @param target steps that it takes to the end of its rung
    default void step(Trial trial, int rung, StepMetrics metrics, long target) {}

    /// A trial has come to the end of a rung, or failed.
    default void finished(Trial trial, int rung) {}

    /// Something is amiss with a trial, but it goes on.
    default void warned(Trial trial, String message) {}
}
