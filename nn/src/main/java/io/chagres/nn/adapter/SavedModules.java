package io.chagres.nn.adapter;

import io.chagres.nn.UnsupportedModel;
import io.chagres.nn.hf.HfNames;
import io.chagres.nn.layer.Linear;
import io.chagres.nn.layer.Modules;
import io.chagres.nn.transformer.Transformer;
import io.chagres.tensor.DType;
import io.chagres.tensor.Spec;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.TensorData;
import io.chagres.tensor.memory.TensorArena;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Copies of whole modules that are trained in place of the base's.
///
/// @param copies the copies, F32, by the paths of what they stand for
/// @param names how they are stored, as the base's are
/// @param tieEmbeddings whether a tied output head follows the copy of the token embedding
record SavedModules(Map<String, Tensor> copies, List<HfNames.Entry> names, boolean tieEmbeddings) {
    private static final String HEAD = "head.weight";
    private static final String EMBEDDING = "tokens.weight";

    /// Copies the modules that a config names.
    ///
    /// @throws UnsupportedModel naming one that the model does not have
    static SavedModules of(Transformer base, LoraConfig config, TensorArena weights) {
        Map<String, Tensor> all = Modules.parameters(base);
        List<HfNames.Entry> entries = new ArrayList<>(HfNames.of(base.config()).entries());
        if (base.head() == null) {
            entries.add(new HfNames.Entry("lm_head.weight", List.of(HEAD), 0, false, -1, false));
        }
        Map<String, Tensor> copies = new LinkedHashMap<>();
        List<HfNames.Entry> names = new ArrayList<>();
        for (String wanted : config.modulesToSave()) {
            boolean found = false;
            for (HfNames.Entry e : entries) {
                String module = e.stored().substring(0, Math.max(0, e.stored().lastIndexOf('.')));
                if (e.copy() || !Targets.endsInOneOf(module, List.of(wanted))) {
                    continue;
                }
                found = true;
                names.add(e);
                for (String path : e.paths()) {
                    boolean tied = path.equals(HEAD) && base.head() == null;
                    Tensor own = all.get(tied ? EMBEDDING : path);
                    if (own == null) {
                        throw new UnsupportedModel(
                                "modules_to_save: " + wanted + " is adapted or is not trained");
                    }
                    copies.computeIfAbsent(path, p -> copy(own, weights));
                }
            }
            if (!found) {
                throw new UnsupportedModel("modules_to_save: no module is called " + wanted);
            }
        }
        return new SavedModules(copies, names, config.tieEmbeddings());
    }

    private static Tensor copy(Tensor t, TensorArena weights) {
        if (t.dtype() == DType.F32) {
            return t.copyTo(weights);
        }
        Tensor wide = Tensor.empty(weights, new Spec(DType.F32, t.shape()));
        float[] values = new float[Math.toIntExact(t.shape().size())];
        TensorData.read(t, values);
        TensorData.set(wide, values);
        return wide;
    }

    /// The model with the copies in their places. As in PEFT, a copy of one end of a tied pair does
    /// not change the other end, unless asked to.
    Transformer into(Transformer base) {
        if (copies.isEmpty()) {
            return base;
        }
        Transformer model =
                Modules.mapAt(
                        base,
                        (path, part) ->
                                part instanceof Tensor t ? copies.getOrDefault(path, t) : part);
        Tensor head = copies.get(HEAD);
        boolean tied = base.head() == null;
        if (tied && head == null && copies.containsKey(EMBEDDING) && !tieEmbeddings) {
            head = base.tokens().weight();
        }
        return tied && head != null ? model.withHead(new Linear(head, null)) : model;
    }
}
