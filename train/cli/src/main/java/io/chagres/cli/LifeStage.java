package io.chagres.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.OptionalLong;

/// A stage in the life of a model: it takes the model that the stage before left, and leaves one.
///
/// @param name its name, and that of its folder
/// @param title what it does, for people
/// @param model the folder of the model that it leaves
/// @param work what it does
record LifeStage(String name, String title, Path model, Work work) {
    /// What a stage does. Begun again after it was ended, it goes on as far as it can.
    @FunctionalInterface
    interface Work {
        /// Does it.
        ///
        /// @return steps trained; empty when it was stopped
        OptionalLong run(LifeTraining training) throws IOException;
    }
}
