package io.chagres.nn.prune;

/// What is taken out of a model as a whole.
public enum Unit {
    /// Heads of attention.
    HEADS,
    /// Inner neurons of MLPs and of experts.
    NEURONS,
    /// Experts of mixtures that routers choose from.
    EXPERTS
}
