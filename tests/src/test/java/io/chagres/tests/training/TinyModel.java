package io.chagres.tests.training;

import io.chagres.nn.layer.Modules;
import io.chagres.nn.transformer.Transformer;
import io.chagres.nn.transformer.TransformerBuilder;
import io.chagres.nn.transformer.TransformerConfig;
import io.chagres.nn.transformer.TransformerConfigBuilder;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.backend.Backend;
import io.chagres.tensor.memory.TensorArena;
import io.chagres.train.data.Batch;
import io.chagres.train.data.Batches;
import io.chagres.train.data.Corpus;
import io.chagres.train.data.Document;
import io.chagres.train.data.TextEncoding;
import io.chagres.train.data.TokenDataset;
import io.chagres.train.data.TokenizedCorpus;
import io.chagres.train.loop.TrainingStep;
import io.chagres.train.optim.AdamWOptimizer;
import io.chagres.train.recipe.Precision;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// A model of two layers and width 32 with what trains it, on a backend.
final class TinyModel implements AutoCloseable {
    static final int LENGTH = 12;

    final TensorArena weights;
    final TensorArena step;
    final Transformer model;
    final AdamWOptimizer optimizer;
    final TrainingStep training;

    TinyModel(Backend backend, double dropout) {
        this(backend, Precision.F32, dropout);
    }

    TinyModel(Backend backend, Precision precision, double dropout) {
        this(backend, precision, dropout, AdamWOptimizer.Options.defaults());
    }

    TinyModel(
            Backend backend, Precision precision, double dropout, AdamWOptimizer.Options options) {
        weights = backend.arena("weights");
        step = backend.arena("step");
        TransformerConfig config =
                TransformerConfigBuilder.llama()
                        .vocabSize(64)
                        .hiddenSize(32)
                        .numLayers(2)
                        .numHeads(4)
                        .numKvHeads(2)
                        .maxPositionEmbeddings(LENGTH)
                        .tiedHead(true)
                        .build();
        model = TransformerBuilder.create(config, weights, 5);
        optimizer = new AdamWOptimizer(Modules.parameters(model), weights, options);
        weights.seal();
        training = new TrainingStep(model, optimizer, step, precision, dropout, 9);
    }

    /// Text in parts that end at odd places, so that sequences have between 1 and 12 targets.
    static TokenDataset unevenText() {
        List<Corpus.Part> parts = new ArrayList<>();
        for (int n : new int[] {7, 1, 30, 3, 11, 2, 17, 5}) {
            String text = "a quick brown fox jumps over the lazy dog".substring(0, n);
            List<Document> documents = List.of(new Document(text, "text"));
            parts.add(new Corpus.Part("text", 1, documents::forEach));
        }
        TextEncoding letters =
                new TextEncoding(t -> t.chars().map(c -> 1 + c % 32).toArray(), 64, 0, "letters");
        return TokenizedCorpus.prepare(new Corpus(parts), 0, letters).train();
    }

    static Batches batches(int batchSize) {
        return new Batches(unevenText(), LENGTH, batchSize, 3);
    }

    static List<Batch> next(Batches batches, int n) {
        List<Batch> all = new ArrayList<>();
        for (int i = 0; i < n; i++) {
            all.add(batches.next());
        }
        return all;
    }

    /// Values of the parameters and of the optimizer's moments.
    Map<String, float[]> values() {
        Map<String, Tensor> tensors = new LinkedHashMap<>(Modules.parameters(model));
        tensors.putAll(optimizer.state());
        Map<String, float[]> values = new LinkedHashMap<>();
        tensors.forEach((name, t) -> values.put(name, t.toFloats()));
        return values;
    }

    @Override
    public void close() {
        step.close();
        weights.close();
    }
}
