import org.jspecify.annotations.NullMarked;

/// Layers, Transformers, tokenizers, generation and Hugging Face's formats.
@NullMarked
module io.chagres.nn {
    requires static org.jspecify;
    requires transitive io.chagres.autograd;
    requires com.fasterxml.jackson.core;
    requires org.eclipse.collections.api;
    requires org.eclipse.collections.impl;
    requires org.slf4j;

    exports io.chagres.nn;
}
