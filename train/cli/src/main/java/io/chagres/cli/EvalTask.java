package io.chagres.cli;

import java.io.IOException;
import java.nio.file.Path;

/// A kind of evaluation, ready to be done on one model after the other.
interface EvalTask {
    /// Evaluates a model.
    ///
    /// @param screen shows how far it is
    Measured run(Path model, Screen screen) throws IOException;
}
