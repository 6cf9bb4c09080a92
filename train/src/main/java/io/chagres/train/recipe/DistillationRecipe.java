package io.chagres.train.recipe;

import io.chagres.nn.loss.Distillation;

/// A teacher to learn from, besides the text.
///
/// @param teacher folder of the model
/// @param settings temperature and weights
public record DistillationRecipe(String teacher, Distillation.Settings settings) {}
