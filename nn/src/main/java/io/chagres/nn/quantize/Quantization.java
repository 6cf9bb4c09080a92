package io.chagres.nn.quantize;

import java.util.List;

/// How a model is to be quantised.
///
/// @param dynamic whether the inputs of linear layers are rounded to 8 bits too, token by token, as
///   they come (W8A8); otherwise the weights only. Experts and tables are always weight-only
/// @param groupSize elements of a row that share a scale; 0 for whole rows
/// @param calibration how scales are found
/// @param outlierRatio columns whose largest input or weight is more than so many times that of the
///   median column are kept in BF16, at most an eighth of them; 0 for none
/// @param keep modules that stay as they are, by Hugging Face's names or parts of them between
///   dots, such as `lm_head` or `layers.0`
public record Quantization(
        boolean dynamic,
        int groupSize,
        Calibration calibration,
        double outlierRatio,
        List<String> keep) {
    /// Weights only, a scale per row, nothing clipped, all of a model.
    public static final Quantization WEIGHTS =
            new Quantization(false, 0, new Calibration.Absmax(), 0, List.of());

    /// Checks the numbers.
    public Quantization {
        if (groupSize < 0) {
            throw new IllegalArgumentException("groups of " + groupSize);
        }
        if (!(outlierRatio == 0 || outlierRatio > 1)) {
            throw new IllegalArgumentException(
                    "outlier ratio: " + outlierRatio + " is neither 0 nor above 1");
        }
        keep = List.copyOf(keep);
    }

    /// The same with inputs of 8 bits, or without.
    public Quantization withDynamic(boolean inputs) {
        return new Quantization(inputs, groupSize, calibration, outlierRatio, keep);
    }

    /// The same with groups of another size.
    public Quantization withGroupSize(int size) {
        return new Quantization(dynamic, size, calibration, outlierRatio, keep);
    }

    /// The same with scales found in another way.
    public Quantization withCalibration(Calibration other) {
        return new Quantization(dynamic, groupSize, other, outlierRatio, keep);
    }

    /// The same with another bound for outliers.
    public Quantization withOutliers(double ratio) {
        return new Quantization(dynamic, groupSize, calibration, ratio, keep);
    }

    /// The same with other modules left alone.
    public Quantization keeping(List<String> modules) {
        return new Quantization(dynamic, groupSize, calibration, outlierRatio, modules);
    }

    /// Whether a module stays as it is.
    boolean keeps(String module) {
        return keep.stream().anyMatch(k -> matches(module, k));
    }

    /// Whether a name is a module's, or a part of it between dots.
    static boolean matches(String module, String name) {
        return ("." + module + ".").contains("." + name + ".");
    }
}
