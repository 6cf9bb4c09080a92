package io.chagres.train.loop;

import io.chagres.nn.transformer.TransformerConfig;
import java.nio.file.Path;

/// What a run is about to do.
///
/// @param config architecture of the model
/// @param parameters number of its weights
/// @param trained number of those that are trained
/// @param device what computes
/// @param firstStep steps done before, 0 for a new run
/// @param totalSteps steps in all
/// @param tokensPerStep most targets in a step
/// @param trainTokens targets in the training text
/// @param heldOutTokens targets in the held-out text
/// @param output the run's folder
public record RunInfo(
        TransformerConfig config,
        long parameters,
        long trained,
        String device,
        long firstStep,
        long totalSteps,
        long tokensPerStep,
        long trainTokens,
        long heldOutTokens,
        Path output) {}
