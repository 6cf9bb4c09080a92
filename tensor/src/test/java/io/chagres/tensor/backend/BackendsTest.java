package io.chagres.tensor.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class BackendsTest {
    /// Devices that cannot be opened.
    private record Kind(String kind, String unavailable, List<Device> devices)
            implements BackendProvider {
        @Override
        public int priority() {
            return 0;
        }

        @Override
        public Backend open(int threads) {
            throw new DeviceFailed(kind);
        }
    }

    private static final BackendProvider.Device OLD =
            new BackendProvider.Device(0, "old one", 1, "too old");
    private static final BackendProvider.Device NEW =
            new BackendProvider.Device(1, "new one", 1, "");
    private static final BackendProvider.Device HOST =
            new BackendProvider.Device(0, "the host", 0, "");
    private static final BackendProvider HOSTS = new Kind("cpu", "", List.of(HOST));
    private static final List<BackendProvider> BOTH =
            List.of(new Kind("gpu", "", List.of(OLD, NEW)), HOSTS);
    private static final List<BackendProvider> NONE =
            List.of(new Kind("gpu", "no driver", List.of()), HOSTS);

    @Test
    void theFirstThatCanBeUsedIsTaken() {
        assertThat(Backends.find(BOTH, "auto").device()).isEqualTo(NEW);
        assertThat(Backends.find(BOTH, "gpu").device()).isEqualTo(NEW);
        assertThat(Backends.find(BOTH, "gpu:1").device()).isEqualTo(NEW);
        assertThat(Backends.find(BOTH, "cpu").device()).isEqualTo(HOST);
        assertThat(Backends.find(NONE, "auto").device()).isEqualTo(HOST);
    }

    @Test
    void theReasonIsTold() {
        fails(BOTH, "gpu:0", "gpu:0: too old");
        fails(BOTH, "gpu:7", "gpu:7: there is no such device, only old one; new one");
        fails(BOTH, "cpu:1", "cpu:1: there is no such device, only the host");
        fails(BOTH, "gpu:x", "device 'gpu:x': a number must follow the colon");
        fails(NONE, "gpu", "gpu: no driver");
        fails(NONE, "gpu:1", "gpu: no driver");
        fails(NONE, "tpu", "no device 'tpu'; there is gpu: no driver; cpu");
        fails(List.of(), "auto", "no device: add chagres-kernels-cpu to the runtime path");
    }

    private static void fails(List<BackendProvider> all, String kind, String message) {
        assertThatThrownBy(() -> Backends.find(all, kind))
                .isInstanceOf(DeviceFailed.class)
                .hasMessage(message);
    }
}
