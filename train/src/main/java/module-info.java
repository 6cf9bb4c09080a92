import org.jspecify.annotations.NullMarked;

/// Corpora, optimizers, the training loop, checkpoints and evaluation.
@NullMarked
module io.chagres.train {
    requires static transitive org.jspecify;
    requires transitive io.chagres.nn;
    requires com.fasterxml.jackson.core;
    requires com.fasterxml.jackson.databind;
    requires com.fasterxml.jackson.dataformat.yaml;
    requires transitive org.eclipse.collections.api;
    requires org.eclipse.collections.impl;
    requires org.slf4j;

    exports io.chagres.train.checkpoint;
    exports io.chagres.train.data;
    exports io.chagres.train.eval;
    exports io.chagres.train.eval.attention;
    exports io.chagres.train.eval.classify;
    exports io.chagres.train.eval.errors;
    exports io.chagres.train.eval.text;
    exports io.chagres.train.loop;
    exports io.chagres.train.metrics;
    exports io.chagres.train.optim;
    exports io.chagres.train.plan;
    exports io.chagres.train.recipe;
    exports io.chagres.train.schedule;
    exports io.chagres.train.tensorboard;
    exports io.chagres.train.tune;
}
