package io.chagres.cli;

import picocli.CommandLine.Option;

/// The option for output that programs read.
final class JsonOption {
    @Option(names = "--json", description = "Print JSON, one object per line.")
    private boolean json;

    boolean wanted() {
        return json;
    }
}
