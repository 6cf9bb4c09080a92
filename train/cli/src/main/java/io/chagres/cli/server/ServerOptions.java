package io.chagres.cli.server;

import java.time.Duration;

/// How a server serves.
///
/// @param name the model's
/// @param apiKey what clients must show; empty for nothing
/// @param timeout for one request
public record ServerOptions(String name, String apiKey, Duration timeout) {}
