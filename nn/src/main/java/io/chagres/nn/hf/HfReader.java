package io.chagres.nn.hf;

import io.chagres.nn.UnsupportedModel;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.io.SafeTensors;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/// A checkpoint's tensors to parameters that are there, by the names and layouts of [HfNames]: the
/// reverse of [HfWriter].
public final class HfReader {
    private HfReader() {}

    /// Overwrites parameters with a file's tensors, converted to their dtypes.
    ///
    /// @param parameters ours by path
    /// @throws UnsupportedModel when the file lacks a tensor, has one too many, or one of another
    ///   shape
    public static void read(SafeTensors file, HfNames names, Map<String, Tensor> parameters) {
        Set<String> left = new TreeSet<>(file.names());
        List<String> missing = new ArrayList<>();
        for (HfNames.Entry e : names.entries()) {
            if (!left.remove(e.stored())) {
                missing.add(e.stored());
            }
        }
        if (!missing.isEmpty() || !left.isEmpty()) {
            int total = names.entries().size();
            throw new UnsupportedModel(
                    file.path()
                            + ": "
                            + (total - missing.size())
                            + " of "
                            + total
                            + " tensors matched"
                            + HfTensors.list("; missing: ", new TreeSet<>(missing))
                            + HfTensors.list("; left over: ", left));
        }
        for (HfNames.Entry e : names.entries()) {
            for (int i = 0; i < e.paths().size(); i++) {
                Tensor parameter = parameters.get(e.paths().get(i));
                if (parameter == null) {
                    throw new IllegalArgumentException("no parameter " + e.paths().get(i));
                }
                new HfPart(e.stored(), e, i).copyInto(parameter, file, parameter.storage().arena());
            }
        }
    }
}
