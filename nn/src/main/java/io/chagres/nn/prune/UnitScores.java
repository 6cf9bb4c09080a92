package io.chagres.nn.prune;

import io.chagres.nn.layer.Modules;
import io.chagres.nn.prune.Site.Part;
import io.chagres.nn.transformer.Transformer;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Tensor;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.IntStream;

/// How much the units of a model matter; those that matter least are taken out.
///
/// @param bySite a score for each unit of a site, by the site's name
public record UnitScores(Map<String, double[]> bySite) {
    /// By magnitude: the Euclidean norm of all matrices of a unit. Li et al. 2016,
    /// arXiv:1608.08710, takes the sum of magnitudes instead.
    public static UnitScores magnitude(Transformer model, Reduction reduction) {
        Map<String, Tensor> tensors = Modules.state(model);
        Map<String, double[]> scores = new LinkedHashMap<>();
        for (Site site : Sites.of(model, reduction)) {
            double[] sums = new double[site.units()];
            for (Part part : site.parts()) {
                Tensor whole = part.of(tensor(tensors, part));
                if (whole.shape().rank() < 2 || part.path().endsWith("router.weight")) {
                    continue;
                }
                float[] values = Matrices.values(whole);
                addProducts(whole.shape(), part, values, values, sums);
            }
            for (int u = 0; u < sums.length; u++) {
                sums[u] = Math.sqrt(sums[u]);
            }
            scores.put(site.name(), sums);
        }
        return new UnitScores(scores);
    }

    /// The scores of a site.
    ///
    /// @throws IllegalArgumentException when there are none
    double[] of(Site site) {
        double[] scores = bySite.get(site.name());
        if (scores == null || scores.length != site.units()) {
            throw new IllegalArgumentException(
                    "%s: no scores for its %d units".formatted(site.name(), site.units()));
        }
        return scores;
    }

    static Tensor tensor(Map<String, Tensor> tensors, Part part) {
        Tensor t = tensors.get(part.path());
        if (t == null) {
            throw new IllegalArgumentException("the model has no " + part.path());
        }
        return t;
    }

    /// Adds to each unit the inner product of its slices of two tensors.
    static void addProducts(Shape shape, Part part, float[] a, float[] b, double[] sums) {
        int axis = part.axis();
        long inner = 1;
        for (int i = axis + 1; i < shape.rank(); i++) {
            inner *= shape.dim(i);
        }
        long run = inner * part.width();
        int unit = 0;
        for (long from = 0; from < a.length; from += run) {
            double sum = 0;
            for (int i = (int) from; i < from + run; i++) {
                sum += (double) a[i] * b[i];
            }
            sums[unit] += sum;
            unit = unit + 1 == sums.length ? 0 : unit + 1;
        }
    }

    /// The units of a site with the highest scores, ascending; of equal ones the first.
    int[] best(Site site) {
        double[] scores = of(site);
        int size = site.units() / site.groups();
        int each = site.keep() / site.groups();
        return IntStream.range(0, site.groups())
                .flatMap(group ->
                        IntStream.range(group * size, (group + 1) * size)
                                .boxed()
                                .sorted(Comparator.comparingDouble(u -> -scores[u])) // stable
                                .limit(each)
                                .mapToInt(u -> u))
                .sorted()
                .toArray();
    }
}
