package io.chagres.train.checkpoint;

import io.chagres.tensor.io.Json;
import io.chagres.tensor.io.JsonException;
import io.chagres.tensor.io.JsonNode;
import io.chagres.train.data.Cursor;
import io.chagres.train.metrics.EarlyStop;
import io.chagres.train.metrics.MovingAverage;
import io.chagres.train.metrics.Overfitting;
import io.chagres.train.optim.GradScaler;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/// Where a training run stands, apart from tensors: all it takes to go on bit by bit.
///
/// @param step steps done, skipped ones included
/// @param optimizerSteps updates the optimizer has made
/// @param tokens targets trained on
/// @param cursor place of the next batch
/// @param dataKey which text, split and tokenizer the cursor belongs to
/// @param seed seed of initial weights and dropout
/// @param rngOffset draws of dropout made: one per micro-batch
/// @param trainingLoss averaged training loss
/// @param nonFiniteSteps steps in a row, up to now, that were skipped for a loss or gradient that
///   is infinite or NaN
/// @param scaler scale of the loss
/// @param lastFiniteLoss loss of the last step that was not, NaN before the first
/// @param earlyStop best evaluation, and how long ago it was
/// @param overfitting whether the validation loss rises
/// @param evaluatedStep step of the last evaluation, -1 for none
/// @param sampledStep step of the last sample texts, -1 for none
public record TrainerState(
        long step,
        long optimizerSteps,
        long tokens,
        Cursor cursor,
        String dataKey,
        long seed,
        long rngOffset,
        MovingAverage trainingLoss,
        int nonFiniteSteps,
        GradScaler scaler,
        double lastFiniteLoss,
        EarlyStop earlyStop,
        Overfitting overfitting,
        long evaluatedStep,
        long sampledStep) {
    /// The file's name in a checkpoint folder.
    public static final String FILE = "trainer_state.json";

    private static final int VERSION = 1;
    private static final double LOSS_DECAY = 0.95;
    private static final int OVERFITTING_EVALUATIONS = 2;
    private static final double OVERFITTING_TOLERANCE = 0.005;

    /// The state of a new run.
    ///
    /// @param seed seed of initial weights and dropout
    /// @param dataKey which text, split and tokenizer it is trained on
    /// @param patience evaluations without improvement after which to stop, 0 for never
    public static TrainerState start(long seed, String dataKey, int patience) {
        return new TrainerState(
                0,
                0,
                0,
                Cursor.START,
                dataKey,
                seed,
                0,
                MovingAverage.withDecay(LOSS_DECAY),
                0,
                GradScaler.NONE,
                Double.NaN,
                EarlyStop.start(patience, 0),
                Overfitting.start(OVERFITTING_EVALUATIONS, OVERFITTING_TOLERANCE),
                -1,
                -1);
    }

    /// Writes `trainer_state.json` into a folder. Numbers are exact; infinities and NaN are `null`.
    public void write(Path folder) throws IOException {
        Map<String, Object> data = new LinkedHashMap<>();
        data.put("key", dataKey);
        data.put("epoch", cursor.epoch());
        data.put("position", cursor.position());
        Map<String, Object> rng = new LinkedHashMap<>();
        rng.put("seed", seed);
        rng.put("offset", rngOffset);
        Map<String, Object> loss = new LinkedHashMap<>();
        loss.put("weighted", trainingLoss.weighted());
        loss.put("weight", trainingLoss.weight());
        loss.put("non_finite_steps", nonFiniteSteps);
        loss.put("last_finite", lastFiniteLoss);
        Map<String, Object> scale = new LinkedHashMap<>();
        scale.put("scale", scaler.scale());
        scale.put("good_steps", scaler.goodSteps());
        scale.put("skipped", scaler.skipped());
        scale.put("adapts", scaler.adapts());
        Map<String, Object> validation = new LinkedHashMap<>();
        validation.put("step", evaluatedStep);
        validation.put("best_loss", earlyStop.best());
        validation.put("best_step", earlyStop.bestStep());
        validation.put("evaluations_since_best", earlyStop.evaluationsSinceBest());
        Map<String, Object> rise = new LinkedHashMap<>();
        rise.put("best_validation", overfitting.bestValidation());
        rise.put("training_at_best", overfitting.trainingAtBest());
        rise.put("evaluations_since_best", overfitting.sinceBest());
        rise.put("found", overfitting.found());
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("version", VERSION);
        json.put("step", step);
        json.put("optimizer_steps", optimizerSteps);
        json.put("tokens", tokens);
        json.put("sampled_step", sampledStep);
        json.put("data", data);
        json.put("rng", rng);
        json.put("training_loss", loss);
        json.put("grad_scaler", scale);
        json.put("validation", validation);
        json.put("overfitting", rise);
        Json.write(json, folder.resolve(FILE));
    }

    /// Reads the `trainer_state.json` of a folder.
    ///
    /// @param patience evaluations without improvement after which to stop, 0 for never
    /// @throws JsonException when it is malformed or of another version, naming the field
    /// @throws IOException when it cannot be read
    public static TrainerState read(Path folder, int patience) throws IOException {
        JsonNode json = Json.read(folder.resolve(FILE));
        JsonNode version = json.get("version");
        if (version.asLong() != VERSION) {
            throw version.error(
                    "this program reads version " + VERSION + ", not " + version.asLong());
        }
        JsonNode data = json.object("data");
        JsonNode rng = json.object("rng");
        JsonNode loss = json.object("training_loss");
        JsonNode best = json.object("validation");
        return new TrainerState(
                atLeast(0, json, "step"),
                atLeast(0, json, "optimizer_steps"),
                atLeast(0, json, "tokens"),
                new Cursor(atLeast(0, data, "epoch"), atLeast(0, data, "position")),
                data.string("key"),
                rng.integer("seed"),
                atLeast(0, rng, "offset"),
                new MovingAverage(LOSS_DECAY, loss.number("weighted"), loss.number("weight")),
                loss.intIn("non_finite_steps", 0, Integer.MAX_VALUE),
                scaler(json),
                loss.number("last_finite", Double.NaN),
                new EarlyStop(
                        patience,
                        0,
                        best.number("best_loss", Double.POSITIVE_INFINITY),
                        atLeast(-1, best, "best_step"),
                        best.intIn("evaluations_since_best", 0, Integer.MAX_VALUE)),
                overfitting(json.object("overfitting")),
                atLeast(-1, best, "step"),
                atLeast(-1, json, "sampled_step"));
    }

    /// Checkpoints of programs that knew no loss scale have none.
    private static GradScaler scaler(JsonNode json) {
        if (!json.has("grad_scaler")) {
            return GradScaler.NONE;
        }
        JsonNode scaler = json.object("grad_scaler");
        JsonNode scale = scaler.get("scale");
        if (!(scale.asDouble() > 0 && Double.isFinite(scale.asDouble()))) {
            throw scale.error("must be above 0: " + scale.asDouble());
        }
        return new GradScaler(
                scale.asDouble(),
                atLeast(0, scaler, "good_steps"),
                atLeast(0, scaler, "skipped"),
                scaler.bool("adapts"));
    }

    private static Overfitting overfitting(JsonNode json) {
        return new Overfitting(
                OVERFITTING_EVALUATIONS,
                OVERFITTING_TOLERANCE,
                json.number("best_validation", Double.POSITIVE_INFINITY),
                json.number("training_at_best", Double.NaN),
                json.intIn("evaluations_since_best", 0, Integer.MAX_VALUE),
                json.bool("found"),
                false);
    }

    private static long atLeast(long min, JsonNode json, String key) {
        JsonNode field = json.get(key);
        if (field.asLong() < min) {
            throw field.error("must be at least " + min + ": " + field.asLong());
        }
        return field.asLong();
    }
}
