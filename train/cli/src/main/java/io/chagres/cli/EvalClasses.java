package io.chagres.cli;

import io.chagres.tensor.DType;
import io.chagres.train.data.DataException;
import io.chagres.train.eval.ContinuationScorer;
import io.chagres.train.eval.Row;
import io.chagres.train.eval.Rows;
import io.chagres.train.eval.classify.Classifier;
import io.chagres.train.eval.classify.Classifier.Prediction;
import io.chagres.train.eval.classify.ConfusionMatrix;
import io.chagres.train.eval.classify.LabelClassifier;
import io.chagres.train.eval.classify.LogisticRegression;
import io.chagres.train.eval.errors.ErrorCase;
import io.chagres.train.eval.errors.ErrorLibrary;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// How well a model classifies texts by the probability of their labels.
///
/// @param data tables of texts with labels
/// @param batchTokens most tokens in a batch
/// @param adapter folder of an adapter to attach; null for none
/// @param device as `--device` takes it
record EvalClasses(
        List<String> data,
        ClassifyOptions options,
        EvalErrors errors,
        int batchTokens,
        @Nullable Path adapter,
        String device,
        int threads,
        DType compute)
        implements EvalTask {
    /// Texts with the indices of their classes.
    private record Texts(List<String> texts, List<Integer> truth) {}

    /// What classes are called in the data, and to the model.
    private record Labels(List<String> names, List<String> words) {}

    @Override
    public Measured run(Path folder, Screen screen) throws IOException {
        List<Row> rows = rows(data);
        Labels labels = labels(rows);
        Texts texts = texts(rows, labels.names());
        var measured = new Measured();
        try (EvalModel model = new EvalModel(folder, adapter, device, threads, compute)) {
            var scorer = new ContinuationScorer(model.model(), model.step(), compute, batchTokens);
            var classifier =
                    new LabelClassifier(
                            model.tokenizer(),
                            scorer,
                            options.template(),
                            labels.words(),
                            options.perToken(),
                            done ->
                                    screen.status(
                                            Figures.format("Classifying ... %3d%%", done / 10)));
            long tokens = 0;
            for (String text : texts.texts()) {
                tokens += model.tokenizer().encode(options.template().prompt(text)).length;
            }
            long start = System.nanoTime();
            List<Prediction> found = classifier.predict(texts.texts());
            double seconds = (System.nanoTime() - start) * 1e-9;
            ConfusionMatrix matrix = matrix(labels, texts, found);
            measured.line(
                    Figures.format(
                            "%s: %,d texts in %.1f s, %,.0f tokens/s",
                            String.join(", ", data), found.size(), seconds, tokens / seconds));
            describe(measured, matrix);
            if (classifier.shortened() > 0) {
                measured.line(
                        classifier.shortened() + " prompts were too long and lost their beginning");
            }
            measured.only("data", data).only("cases", found.size());
            measured.figure("accuracy", "accuracy", matrix.accuracy(), "%.4f");
            measured.figure("macro F1", "macro_f1", matrix.macroF1(), "%.4f");
            measured.figure("micro F1", "micro_f1", matrix.microF1(), "%.4f");
            measured.figure("loss of the label", "loss", loss(texts, found), "%.4f");
            measured.only("classes", toJson(matrix)).only("shortened", classifier.shortened());
            measured.only("seconds", seconds);
            measured.figure("tokens/s", "tokens_per_second", tokens / seconds, "%,.0f");
            model.measure(measured);
            compare(labels, texts, found, measured);
        }
        return measured;
    }

    /// Baselines, and the library of errors: what needs training data.
    private void compare(Labels labels, Texts texts, List<Prediction> found, Measured measured)
            throws IOException {
        List<Row> rows = rows(errors.training());
        Texts training = texts(rows, labels.names());
        if (!rows.isEmpty()) {
            int classes = labels.names().size();
            Map<String, Object> baselines = new LinkedHashMap<>();
            Map<String, Classifier> classifiers = new LinkedHashMap<>();
            classifiers.put("majority", Classifier.majority(training.truth(), classes));
            classifiers.put(
                    "bag_of_words",
                    LogisticRegression.train(training.texts(), training.truth(), classes));
            classifiers.forEach((name, classifier) -> {
                ConfusionMatrix matrix = matrix(labels, texts, classifier.predict(texts.texts()));
                measured.line(summary(name.replace('_', ' ') + ": ", matrix));
                baselines.put(name, toJson(matrix));
            });
            measured.only("baselines", baselines);
        }
        Path file = errors.file();
        if (file != null) {
            List<String> names = training.truth().stream().map(i -> labels.names().get(i)).toList();
            var library =
                    new ErrorLibrary(training.texts(), names, errors.neighbours(), errors.cases());
            List<ErrorCase> cases =
                    library.wrongLabels(
                            texts.texts(),
                            texts.truth(),
                            found,
                            labels.names(),
                            (text, label) -> options.template().filled(text, word(labels, label)));
            ErrorLibrary.write(cases, file);
            measured.only("error_cases", cases.size());
            measured.line("wrote " + cases.size() + " wrong labels to " + file);
        }
    }

    private static String word(Labels labels, String name) {
        return labels.words().get(labels.names().indexOf(name));
    }

    private List<Row> rows(List<String> files) {
        List<String> wanted = List.of(options.textField(), options.labelField());
        return files.stream().flatMap(f -> Rows.read(Path.of(f), wanted).stream()).toList();
    }

    private Labels labels(List<Row> rows) {
        if (rows.isEmpty()) {
            throw new DataException(String.join(", ", data) + ": there is no text to classify");
        }
        List<String> names = new ArrayList<>();
        List<String> words = new ArrayList<>();
        for (String each : options.labels()) {
            int equals = each.indexOf('=');
            names.add(equals < 0 ? each : each.substring(0, equals));
            words.add(each.substring(equals + 1));
        }
        if (names.isEmpty()) {
            var all = new TreeSet<String>();
            rows.forEach(row -> all.add(row.text(options.labelField())));
            names.addAll(all);
            words.addAll(all);
        }
        return new Labels(names, words);
    }

    private Texts texts(List<Row> rows, List<String> names) {
        List<String> texts = new ArrayList<>();
        List<Integer> truth = new ArrayList<>();
        for (Row row : rows) {
            String label = row.text(options.labelField());
            if (!names.contains(label)) {
                throw new DataException(
                        "%s: the label '%s' is not one of %s".formatted(row.where(), label, names));
            }
            texts.add(row.text(options.textField()));
            truth.add(names.indexOf(label));
        }
        return new Texts(texts, truth);
    }

    private static ConfusionMatrix matrix(Labels labels, Texts texts, List<Prediction> found) {
        return ConfusionMatrix.of(
                labels.names(), texts.truth(), found.stream().map(Prediction::label).toList());
    }

    private static double loss(Texts texts, List<Prediction> found) {
        double sum = 0;
        for (int i = 0; i < found.size(); i++) {
            sum += found.get(i).loss(texts.truth().get(i));
        }
        return sum / found.size();
    }

    private static String summary(String name, ConfusionMatrix matrix) {
        var line = new StringBuilder();
        line.append(
                Figures.format(
                        "%saccuracy %.4f, macro F1 %.4f",
                        name, matrix.accuracy(), matrix.macroF1()));
        for (int i = 0; i < matrix.labels().size(); i++) {
            line.append(
                    Figures.format(", %s F1 %.4f", matrix.labels().get(i), matrix.score(i).f1()));
        }
        return line.toString();
    }

    private static void describe(Measured measured, ConfusionMatrix matrix) {
        measured.line(summary("", matrix));
        List<String> names = matrix.labels();
        int width = names.stream().mapToInt(String::length).max().orElse(0);
        width = Math.max(width, Long.toString(matrix.total()).length());
        var head = new StringBuilder("  " + " ".repeat(width));
        names.forEach(new Padder(head, width)::add);
        measured.line(head + "  <- predicted");
        for (int i = 0; i < names.size(); i++) {
            var line = new StringBuilder("  " + " ".repeat(width - names.get(i).length()));
            line.append(names.get(i));
            for (int j = 0; j < names.size(); j++) {
                new Padder(line, width).add(Long.toString(matrix.count(i, j)));
            }
            measured.line(line.toString());
        }
    }

    /// Appends values in columns.
    private record Padder(StringBuilder to, int width) {
        void add(String value) {
            to.append("  ").append(" ".repeat(width - value.length())).append(value);
        }
    }

    private static Map<String, Object> toJson(ConfusionMatrix matrix) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("accuracy", matrix.accuracy());
        json.put("macro_f1", matrix.macroF1());
        List<String> names = matrix.labels();
        for (int i = 0; i < names.size(); i++) {
            ConfusionMatrix.ClassScore score = matrix.score(i);
            Map<String, Object> of = new LinkedHashMap<>();
            of.put("precision", score.precision());
            of.put("recall", score.recall());
            of.put("f1", score.f1());
            of.put("support", score.support());
            Map<String, Object> predicted = new LinkedHashMap<>();
            for (int j = 0; j < names.size(); j++) {
                predicted.put(names.get(j), matrix.count(i, j));
            }
            of.put("predicted", predicted);
            json.put(names.get(i), of);
        }
        return json;
    }
}
