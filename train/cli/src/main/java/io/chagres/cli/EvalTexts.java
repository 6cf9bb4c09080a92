package io.chagres.cli;

import io.chagres.nn.generate.Generation;
import io.chagres.nn.generate.LanguageModel;
import io.chagres.nn.generate.SamplingOptions;
import io.chagres.tensor.DType;
import io.chagres.train.data.DataException;
import io.chagres.train.eval.Row;
import io.chagres.train.eval.Rows;
import io.chagres.train.eval.errors.ErrorCase;
import io.chagres.train.eval.errors.ErrorLibrary;
import io.chagres.train.eval.text.Bleu;
import io.chagres.train.eval.text.ChrF;
import io.chagres.train.eval.text.ExactMatch;
import io.chagres.train.eval.text.Rouge;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// How close texts are to their references: those that a model writes, or those in the data.
///
/// @param data tables of references, with prompts or predictions
/// @param adapter folder of an adapter to attach; null for none
/// @param device as `--device` takes it
record EvalTexts(
        List<String> data,
        MetricsOptions options,
        EvalErrors errors,
        @Nullable Path adapter,
        String device,
        int threads,
        DType compute)
        implements EvalTask {
    private static final int AT_ONCE = 64;

    @Override
    public Measured run(Path folder, Screen screen) throws IOException {
        List<Row> rows = rows();
        List<String> prompts = rows.stream().map(row -> row.text(options.prompts())).toList();
        var load =
                new LanguageModel.Options(device, threads, 0, Long.MAX_VALUE)
                        .withCompute(compute)
                        .withAdapter(adapter);
        try (LanguageModel model = LanguageModel.load(folder, load)) {
            SamplingOptions sampling =
                    SamplingOptions.greedy(options.maxNewTokens())
                            .withStop(options.stop().toArray(String[]::new));
            List<String> texts = new ArrayList<>();
            long tokens = 0;
            long start = System.nanoTime();
            for (int from = 0; from < prompts.size(); from += AT_ONCE) {
                int end = Math.min(prompts.size(), from + AT_ONCE);
                for (Generation g : model.generate(prompts.subList(from, end), sampling)) {
                    texts.add(g.text());
                    tokens += g.tokens().size();
                }
                screen.status(Figures.format("Generating ... %3d%%", 100L * end / prompts.size()));
            }
            double seconds = (System.nanoTime() - start) * 1e-9;
            Measured measured = score(rows, texts);
            measured.line(
                    Figures.format(
                            "%,d tokens in %.1f s, %,.0f tokens/s",
                            tokens, seconds, tokens / seconds));
            measured.only("seconds", seconds).only("tokens", tokens);
            measured.figure("tokens/s", "tokens_per_second", tokens / seconds, "%,.0f");
            long size = EvalModel.fileBytes(folder, adapter);
            measured.memory(size + model.peakBytes(), size);
            writeErrors(rows, texts, measured);
            return measured;
        }
    }

    /// Scores the predictions in the data.
    Measured scoreData() throws IOException {
        List<Row> rows = rows();
        if (!rows.getFirst().has(options.predictions())) {
            throw new DataException(
                    "%s: has no field '%s'; name a MODEL that answers the prompts"
                            .formatted(rows.getFirst().where(), options.predictions()));
        }
        List<String> texts = rows.stream().map(row -> row.text(options.predictions())).toList();
        Measured measured = score(rows, texts);
        writeErrors(rows, texts, measured);
        return measured;
    }

    private List<Row> rows() {
        List<String> wanted = List.of(options.references());
        List<Row> rows =
                data.stream().flatMap(f -> Rows.read(Path.of(f), wanted).stream()).toList();
        if (rows.isEmpty()) {
            throw new DataException(String.join(", ", data) + ": there is nothing to score");
        }
        return rows;
    }

    private List<List<String>> references(List<Row> rows) {
        return rows.stream().map(row -> row.texts(options.references())).toList();
    }

    private Measured score(List<Row> rows, List<String> texts) {
        List<List<String>> references = references(rows);
        var measured = new Measured();
        measured.line(Figures.format("%s: %,d texts", String.join(", ", data), rows.size()));
        measured.only("data", data).only("cases", rows.size());
        if (options.has("bleu")) {
            Bleu.Score bleu = Bleu.with(options.tokenizer()).corpus(texts, references);
            show(measured, "BLEU", "bleu", bleu.value(), "%.2f");
            measured.only("bleu_tokenizer", options.tokenizer().label());
            measured.only("brevity_penalty", bleu.brevityPenalty());
        }
        if (options.has("chrf")) {
            show(measured, "chrF2", "chrf", ChrF.STANDARD.corpus(texts, references), "%.2f");
        }
        if (options.has("rouge")) {
            var rouge = new Rouge(options.stem());
            for (Rouge.Kind kind : Rouge.Kind.values()) {
                double f = rouge.corpus(kind, texts, references).f();
                show(measured, kind.label().replace("rouge", "ROUGE-"), kind.label(), f, "%.4f");
            }
        }
        if (options.has("exact")) {
            double exact = ExactMatch.corpus(texts, references);
            show(measured, "exact match, %", "exact_match", exact, "%.2f");
        }
        return measured;
    }

    private static void show(Measured to, String name, String key, double value, String format) {
        to.figure(name, key, value, format);
        to.line(name + " " + Figures.format(format, value));
    }

    /// The texts that are least like their references, by chrF.
    private void writeErrors(List<Row> rows, List<String> texts, Measured measured)
            throws IOException {
        Path file = errors.file();
        if (file == null) {
            return;
        }
        List<ErrorLibrary.Found> found = new ArrayList<>();
        for (int i = 0; i < rows.size(); i++) {
            Row row = rows.get(i);
            List<String> references = row.texts(options.references());
            if (ExactMatch.matches(texts.get(i), references)) {
                continue;
            }
            double chrF = ChrF.STANDARD.sentence(texts.get(i), references);
            String right = right(row);
            Map<String, Object> facts = new LinkedHashMap<>();
            if (row.has(options.prompts())) {
                facts.put("prompt", row.text(options.prompts()));
            }
            facts.put("references", references);
            facts.put("prediction", texts.get(i));
            facts.put("chrf", chrF);
            found.add(new ErrorLibrary.Found(right, right, 100 - chrF, facts));
        }
        List<String> training = new ArrayList<>();
        for (String path : errors.training()) {
            Rows.read(Path.of(path), List.of(options.references()))
                    .forEach(row -> training.add(right(row)));
        }
        var library = new ErrorLibrary(training, List.of(), errors.neighbours(), errors.cases());
        List<ErrorCase> cases = library.worst(found);
        ErrorLibrary.write(cases, file);
        measured.only("error_cases", cases.size());
        measured.line("wrote " + cases.size() + " texts unlike their references to " + file);
    }

    /// The prompt, where there is one, with the first reference.
    private String right(Row row) {
        String reference = row.texts(options.references()).getFirst();
        boolean asked = row.has(options.prompts());
        return asked ? row.text(options.prompts()) + reference : reference;
    }
}
