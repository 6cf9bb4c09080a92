package io.chagres.tests.adapter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.chagres.nn.hf.HfCheckpoint;
import io.chagres.nn.loss.CausalLoss;
import io.chagres.nn.text.Tokenizer;
import io.chagres.nn.transformer.Transformer;
import io.chagres.train.data.Batch;
import io.chagres.train.data.BatchSource;
import io.chagres.train.data.BatchTensors;
import io.chagres.train.data.ExampleCorpus;
import io.chagres.train.data.ExampleEncoder;
import io.chagres.train.data.ExampleFormat;
import io.chagres.train.data.ExampleTemplates;
import io.chagres.train.data.Source;
import io.chagres.train.eval.Evaluation;
import io.chagres.train.loop.Trainer;
import io.chagres.train.loop.TrainingListener;
import io.chagres.train.loop.TrainingResult;
import io.chagres.train.recipe.Recipe;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A real model learns real instructions by an adapter, from their answers alone.
class InstructTest {
    private static final String MODEL = "data/stories260K-hf";
    private static final String INSTRUCTIONS = "data/instruct/rasbt-instruction-data.json";

    @Test
    void heldOutLossFalls(@TempDir Path folder) throws IOException {
        Map<String, String> flags = new LinkedHashMap<>();
        flags.put("model.from", Rig.shared(MODEL).toString());
        flags.put("data.sources", Rig.shared(INSTRUCTIONS).toString());
        flags.put("data.format", "alpaca");
        flags.put("data.packing", "true");
        flags.put("data.held_out", "0.1");
        flags.put("data.sequence_length", "256");
        flags.put("finetune.method", "lora");
        flags.put("train.steps", "40");
        flags.put("train.batch_size", "4");
        flags.put("train.learning_rate", "5e-3");
        flags.put("train.weight_decay", "0");
        flags.put("train.eval_every", "20");
        flags.put("train.eval_batches", "8");
        flags.put("train.sample_every", "0");
        flags.put("train.threads", "2");
        flags.put("output", folder.resolve("run").toString());
        List<Double> losses = new ArrayList<>();
        TrainingListener notes =
                new TrainingListener() {
                    @Override
                    public void evaluated(long step, Evaluation evaluation) {
                        losses.add(evaluation.loss());
                    }
                };
        TrainingResult _ = new Trainer(Recipe.of(flags), notes).run(Trainer.Start.NEW);
        assertThat(losses).hasSize(3);
        assertThat(losses.get(1)).isLessThan(0.95 * losses.get(0));
        assertThat(losses.get(2)).isLessThan(losses.get(1));
    }

    @Test
    void packedLossesAreUnpadded() throws IOException {
        Path folder = Rig.shared(MODEL);
        Source source = Source.of(Rig.shared(INSTRUCTIONS).toString());
        try (Rig rig = new Rig()) {
            Transformer model = HfCheckpoint.load(folder, rig.weights).model();
            Tokenizer tokenizer = Tokenizer.load(folder);
            var encoder =
                    new ExampleEncoder(
                            tokenizer,
                            tokenizer.eosId().orElseThrow(),
                            ExampleTemplates.find("alpaca", folder, tokenizer).template(),
                            true);
            double packed = loss(rig, model, corpus(source, encoder, true), 4);
            double unpadded = loss(rig, model, corpus(source, encoder, false), 1);
            assertThat(packed).isCloseTo(unpadded, within(1e-5 * unpadded));
        }
    }

    private static ExampleCorpus corpus(Source source, ExampleEncoder encoder, boolean packed) {
        var options = new ExampleCorpus.Options(ExampleFormat.AUTO, 0, 256, packed);
        return ExampleCorpus.prepare(List.of(source), encoder, options);
    }

    /// Mean loss of the first 64 examples.
    private static double loss(Rig rig, Transformer model, ExampleCorpus corpus, int batchSize) {
        BatchSource batches = corpus.trainBatches(256, batchSize, 1);
        double sum = 0;
        int targets = 0;
        int examples = 0;
        while (examples < 64) {
            Batch batch = batches.next();
            Batch.Packing packing = batch.packing();
            int[] offsets =
                    packing == null ? new int[] {0, batch.sequenceLength()} : packing.offsets();
            int end = offsets[Math.min(offsets.length - 1, 64 - examples)];
            float[] each =
                    rig.step.call(() -> {
                        BatchTensors in = BatchTensors.of(batch, rig.step);
                        return CausalLoss.perToken(model.logits(in.input()), in.targets(), 0)
                                .toFloats();
                    });
            for (int i = 0; i < end; i++) {
                sum += each[i];
                targets += batch.targets()[i] == Batch.IGNORE ? 0 : 1;
            }
            examples += offsets.length - 1;
        }
        return sum / targets;
    }
}
