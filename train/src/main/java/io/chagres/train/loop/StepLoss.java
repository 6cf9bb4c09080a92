package io.chagres.train.loop;

import io.chagres.nn.loss.Distillation;
import io.chagres.nn.loss.PreferenceLoss;
import io.chagres.nn.loss.TrainingLoss;
import io.chagres.nn.moe.RouterMonitor;
import io.chagres.nn.transformer.Transformer;
import io.chagres.tensor.DType;
import io.chagres.tensor.Scope;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.memory.TensorArena;
import io.chagres.tensor.op.Compare;
import io.chagres.train.data.Batch;
import io.chagres.train.data.BatchTensors;
import io.chagres.train.metrics.MetricsLog;
import io.chagres.train.recipe.Precision;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/// The loss of a micro-batch as its part of a step's.
///
/// @param model what is trained
/// @param objective what it is trained for
/// @param precision dtype of the products
/// @param arena arena of the step
record StepLoss(Transformer model, Objective objective, Precision precision, TensorArena arena) {
    /// What the losses of a step are divided by: its targets, or its pairs of answers.
    long whole(List<Batch> batches) {
        return objective.preferences() == null
                ? batches.stream().mapToLong(Batch::validTargets).sum()
                : batches.stream().mapToLong(b -> b.size() / 2).sum();
    }

    /// The loss, under a tape. Models that are only asked come first, so that what their passes
    /// take is free again when the trained model's begins; their answers are freed as soon as the
    /// backward pass has read them.
    ///
    /// @param input what the model is given of the batch
    /// @param whole by [#whole]
    /// @param then what becomes of the loss
    Tensor of(
            Batch batch,
            BatchTensors in,
            Transformer.Input input,
            long whole,
            Function<TrainingLoss, Tensor> then) {
        Objective.Preferences preferences = objective.preferences();
        if (preferences != null) {
            Tensor reference = reference(preferences, batch, in);
            return precision.compute(
                    () -> then.apply(preference(preferences, in, input, reference, whole)));
        }
        Distillation teacher = objective.distillation();
        Distillation.Lesson lesson =
                teacher == null || !teacher.isActive()
                        ? null
                        : precision.compute(() -> teacher.lesson(input));
        RouterMonitor monitor = objective.routers();
        return precision.compute(() ->
                then.apply(
                        TrainingLoss.of(
                                model,
                                monitor == null ? input : input.watched(monitor),
                                in.targets(),
                                objective.nextTokensWeight(),
                                whole,
                                (double) batch.validTargets() / whole,
                                lesson)));
    }

    private Tensor reference(Objective.Preferences wanted, Batch batch, BatchTensors in) {
        float[] known = batch.reference();
        if (known != null) {
            return Tensor.of(arena, Shape.of(known.length), known);
        }
        Transformer reference = wanted.reference();
        if (reference == null) {
            throw new IllegalStateException("nobody knows the reference's log-probabilities");
        }
        return precision.compute(() ->
                Scope.of(
                        () -> PreferenceLoss.logProbs(reference.logits(in.input()), in.targets())));
    }

    private TrainingLoss preference(
            Objective.Preferences wanted,
            BatchTensors in,
            Transformer.Input input,
            Tensor reference,
            long pairs) {
        Tensor policy = PreferenceLoss.logProbs(model.logits(input), in.targets());
        PreferenceLoss.Result result = wanted.loss().of(policy, reference);
        Tensor loss = result.loss().sum().scale(1.0 / pairs);
        Map<String, Tensor> parts = new LinkedHashMap<>();
        Tensor chosen = result.chosen().detach();
        Tensor rejected = result.rejected().detach();
        Tensor right = chosen.compare(Compare.GT, rejected).cast(DType.F32);
        parts.put(MetricsLog.REWARD_CHOSEN, chosen.sum().scale(1.0 / pairs));
        parts.put(MetricsLog.REWARD_REJECTED, rejected.sum().scale(1.0 / pairs));
        parts.put(MetricsLog.REWARD_MARGIN, chosen.sub(rejected).sum().scale(1.0 / pairs));
        parts.put(MetricsLog.REWARD_ACCURACY, right.sum().scale(1.0 / pairs));
        return new TrainingLoss(loss, loss, parts);
    }

    /// Adds the numbers of a loss's parts to others.
    static void addParts(TrainingLoss loss, Map<String, Double> to) {
        loss.parts().forEach((name, value) -> to.merge(name, value.item(), Double::sum));
    }
}
