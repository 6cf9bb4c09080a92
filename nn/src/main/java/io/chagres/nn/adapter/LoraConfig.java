package io.chagres.nn.adapter;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/// How low-rank adapters are made: y = x Wᵀ + scale · (x Aᵀ) Bᵀ, where only A (rank, in) and B
/// (out, rank) are trained. Hu et al. 2021, arXiv:2106.09685.
///
/// @param rank rows of A
/// @param alpha numerator of the scale, alpha / rank
/// @param dropout probability that an element of x is dropped on its way to A, in training
/// @param rankStabilized whether the scale is alpha / √rank. Kalajdzievski 2023, arXiv:2312.03732
/// @param dora whether the length of each row of the adapted matrix is a parameter of its own. Liu
///   et al. 2024, arXiv:2402.09353
/// @param targets which modules
/// @param rankPattern ranks of modules whose names end in a key, a regular expression
/// @param alphaPattern alphas of modules, likewise
/// @param modulesToSave last parts of names of modules that are trained as a whole
/// @param tieEmbeddings whether an output head that is tied to the token embedding stays so when
///   the embedding is among these
public record LoraConfig(
        int rank,
        double alpha,
        double dropout,
        boolean rankStabilized,
        boolean dora,
        Targets targets,
        Map<String, Integer> rankPattern,
        Map<String, Double> alphaPattern,
        List<String> modulesToSave,
        boolean tieEmbeddings) {
    private static final int MAX_RANK = 1 << 16;

    /// Checks the numbers.
    ///
    /// @throws IllegalArgumentException naming the component at fault
    public LoraConfig {
        checkRank("r", rank);
        check(Double.isFinite(alpha), "lora_alpha must be finite: " + alpha);
        check(dropout >= 0 && dropout < 1, "lora_dropout must be in [0, 1): " + dropout);
        rankPattern = ordered(rankPattern);
        alphaPattern = ordered(alphaPattern);
        modulesToSave = List.copyOf(modulesToSave);
        rankPattern.forEach((module, r) -> checkRank("rank_pattern of " + module, r));
        rankPattern.keySet().forEach(LoraConfig::checkPattern);
        alphaPattern.keySet().forEach(LoraConfig::checkPattern);
    }

    /// Plain LoRA.
    public static LoraConfig of(int rank, double alpha, Targets targets) {
        return new LoraConfig(
                rank, alpha, 0, false, false, targets, Map.of(), Map.of(), List.of(), false);
    }

    /// The same with dropout.
    public LoraConfig withDropout(double p) {
        return new LoraConfig(
                rank,
                alpha,
                p,
                rankStabilized,
                dora,
                targets,
                rankPattern,
                alphaPattern,
                modulesToSave,
                tieEmbeddings);
    }

    /// The same with the scale alpha / √rank.
    public LoraConfig withRankStabilized() {
        return new LoraConfig(
                rank,
                alpha,
                dropout,
                true,
                dora,
                targets,
                rankPattern,
                alphaPattern,
                modulesToSave,
                tieEmbeddings);
    }

    /// The same as DoRA.
    public LoraConfig withDora() {
        return new LoraConfig(
                rank,
                alpha,
                dropout,
                rankStabilized,
                true,
                targets,
                rankPattern,
                alphaPattern,
                modulesToSave,
                tieEmbeddings);
    }

    /// The same with other ranks and alphas for some modules.
    public LoraConfig withPatterns(Map<String, Integer> ranks, Map<String, Double> alphas) {
        return new LoraConfig(
                rank,
                alpha,
                dropout,
                rankStabilized,
                dora,
                targets,
                ranks,
                alphas,
                modulesToSave,
                tieEmbeddings);
    }

    /// The same with modules that are trained as a whole.
    public LoraConfig withModulesToSave(String... modules) {
        return new LoraConfig(
                rank,
                alpha,
                dropout,
                rankStabilized,
                dora,
                targets,
                rankPattern,
                alphaPattern,
                List.of(modules),
                tieEmbeddings);
    }

    /// Rank of a module's adapter.
    public int rankOf(String module) {
        return lookUp(rankPattern, module, rank);
    }

    /// Factor of a module's adapter.
    public double scaleOf(String module) {
        int r = rankOf(module);
        double a = lookUp(alphaPattern, module, alpha);
        return rankStabilized ? a / Math.sqrt(r) : a / r;
    }

    /// The first key, in order, that is the end of the name, beginning at one of its parts.
    private static <T> T lookUp(Map<String, T> patterns, String module, T otherwise) {
        for (Map.Entry<String, T> e : patterns.entrySet()) {
            if (Pattern.matches("(.*\\.)?(" + e.getKey() + ")", module)) {
                return e.getValue();
            }
        }
        return otherwise;
    }

    private static <T> Map<String, T> ordered(Map<String, T> map) {
        return Collections.unmodifiableMap(new LinkedHashMap<>(map));
    }

    private static void checkRank(String name, int rank) {
        check(rank >= 1 && rank <= MAX_RANK, name + " must be from 1 to " + MAX_RANK + ": " + rank);
    }

    private static void checkPattern(String pattern) {
        try {
            Pattern.compile(pattern);
        } catch (PatternSyntaxException e) {
            throw new IllegalArgumentException(
                    "rank_pattern or alpha_pattern: not a regular expression: " + e.getMessage(),
                    e);
        }
    }

    private static void check(boolean ok, String message) {
        if (!ok) {
            throw new IllegalArgumentException(message);
        }
    }
}
