package example;

import io.chagres.autograd.Tape;
import io.chagres.nn.layer.Modules;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.backend.Backends;
import io.chagres.tensor.random.RandomTensors;
import io.chagres.tensor.random.Rng;
import io.chagres.train.optim.AdamWOptimizer;

/** A training loop: fits a custom layer to random numbers, with a custom op and a custom loss. */
public final class Examples {
    public static void main(String[] args) {
        Rng rng = new Rng(1);
        try (var backend = Backends.open("cpu", 2);
                var weights = backend.arena("weights");
                var step = backend.arena("step")) {
            Highway model = Highway.create(weights, 8, rng);
            Tensor x = RandomTensors.normal(weights, Shape.of(32, 8), 0.5, rng);
            Tensor y = RandomTensors.normal(weights, Shape.of(32, 8), 0.5, rng);
            var options = AdamWOptimizer.Options.defaults();
            var optimizer = new AdamWOptimizer(Modules.parameters(model), weights, options);
            weights.seal();
            double[] losses = new double[60];
            for (int i = 0; i < losses.length; i++) {
                losses[i] =
                        step.call(() -> {
                            Tensor loss =
                                    Tape.valueAndGrad(
                                            optimizer.parameters(),
                                            () -> HuberLoss.huber(model.apply(x), y),
                                            optimizer::accumulate);
                            optimizer.step(0.01, 1.0);
                            return loss.item();
                        });
            }
            System.out.printf("loss %.4f -> %.4f%n", losses[0], losses[59]);
            if (!(losses[59] < 0.7 * losses[0])) {
                throw new AssertionError("the loss did not fall");
            }
        }
    }
}
