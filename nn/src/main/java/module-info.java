import org.jspecify.annotations.NullMarked;

/// Layers, Transformers, tokenizers, generation and Hugging Face's formats.
@NullMarked
module io.chagres.nn {
    requires static transitive org.jspecify;
    requires transitive io.chagres.autograd;
    requires org.eclipse.collections.api;
    requires org.eclipse.collections.impl;
    requires jdk.jfr;
    requires org.slf4j;

    exports io.chagres.nn;
    exports io.chagres.nn.adapter;
    exports io.chagres.nn.attention;
    exports io.chagres.nn.attention.lsh;
    exports io.chagres.nn.generate;
    exports io.chagres.nn.hf;
    exports io.chagres.nn.hf.config;
    exports io.chagres.nn.layer;
    exports io.chagres.nn.loss;
    exports io.chagres.nn.moe;
    exports io.chagres.nn.prune;
    exports io.chagres.nn.quantize;
    exports io.chagres.nn.text;
    exports io.chagres.nn.text.chat;
    exports io.chagres.nn.transformer;
}
