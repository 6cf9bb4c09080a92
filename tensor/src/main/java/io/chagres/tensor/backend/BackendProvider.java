package io.chagres.tensor.backend;

import java.util.List;
import java.util.Map;

/// Makes backends of one kind; found by [java.util.ServiceLoader].
public interface BackendProvider {
    /// A device, whether it can be used or not.
    ///
    /// @param ordinal its number among those of its kind, from 0
    /// @param description what it is, for people
    /// @param bytes its own memory; 0 where that is the host's
    /// @param unavailable why it cannot be used; empty when it can
    record Device(int ordinal, String description, long bytes, String unavailable) {}

    /// The kind, such as `cpu` or `cuda`.
    String kind();

    /// Which kind `auto` prefers: the highest that is available.
    int priority();

    /// Why no backend of this kind can be opened here; empty when one can.
    String unavailable();

    /// All devices of this kind, in order of their numbers, also those that cannot be used.
    default List<Device> devices() {
        return List.of(new Device(0, kind(), 0, unavailable()));
    }

    /// What is known of the driver, by name, also where no device can be used; for people.
    default Map<String, Object> facts() {
        return Map.of();
    }

    /// Opens one of several devices of this kind.
    ///
    /// @param ordinal its number, from 0
    /// @param threads host threads to compute with; 0 for one per processor
    /// @throws DeviceFailed when it cannot be opened or is not there
    default Backend open(int ordinal, int threads) {
        if (ordinal != 0) {
            throw new DeviceFailed(kind() + ":" + ordinal + ": there is only one such device");
        }
        return open(threads);
    }

    /// Opens the first backend of this kind.
    ///
    /// @param threads host threads to compute with; 0 for one per processor
    /// @throws DeviceFailed when it cannot be opened
    Backend open(int threads);
}
