package io.chagres.tests.golden;

import io.chagres.tensor.Shape;
import io.chagres.tensor.TensorData;
import io.chagres.tensor.io.Json;
import io.chagres.tensor.io.JsonNode;
import io.chagres.tensor.io.SafeTensors;
import java.io.IOException;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/// A random-weight model with the values Hugging Face transformers computes for it.
record GoldenModel(Path folder, SafeTensors expected, JsonNode facts) implements AutoCloseable {
    /// Loss and gradient norm of an optimizer step.
    record Step(double loss, double gradNorm) {}

    static GoldenModel open(String name) throws IOException {
        URL url = GoldenModel.class.getResource("/golden/" + name + "/config.json");
        try {
            Path folder = Path.of(Objects.requireNonNull(url, name).toURI()).getParent();
            return new GoldenModel(
                    folder,
                    SafeTensors.open(folder.resolve("expected.safetensors")),
                    Json.read(folder.resolve("expected.json")));
        } catch (URISyntaxException e) {
            throw new IOException(e);
        }
    }

    Shape shape(String name) {
        return expected.shape(name);
    }

    List<String> names() {
        return expected.names();
    }

    float[] floats(String name) {
        var spec = expected.spec(name);
        var segment = expected.segment(name);
        float[] out = new float[(int) spec.shape().size()];
        for (int i = 0; i < out.length; i++) {
            out[i] = (float) TensorData.get(segment, spec.dtype(), i);
        }
        return out;
    }

    int[] ints(String name) {
        float[] f = floats(name);
        int[] out = new int[f.length];
        for (int i = 0; i < out.length; i++) {
            out[i] = (int) f[i];
        }
        return out;
    }

    List<Step> steps() {
        List<Step> steps = new ArrayList<>();
        for (JsonNode pair : facts.object("adamw").list("loss_gradnorm")) {
            List<JsonNode> values = pair.asList();
            steps.add(new Step(values.get(0).asDouble(), values.get(1).asDouble()));
        }
        return steps;
    }

    @Override
    public void close() throws IOException {
        expected.close();
    }
}
