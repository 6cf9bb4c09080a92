package io.chagres.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.withinPercentage;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ComparisonTest {
    private static final Task TASK = Task.parse("gemm/nn/16x16x16/f32");

    @TempDir Path dir;

    @Test
    void processesOfThisBuildAreMeasuredInTurn() throws IOException {
        Contender ours = Contender.current();
        Contender slow =
                new Contender("slow", "20:" + ours.library(), ours.command(), ours.environment());
        List<String> progress = new ArrayList<>();
        Alternation all =
                Alternation.run(
                        List.of(ours, slow), List.of(TASK), 1, 1e-3, 2, true, progress::add);
        assertThat(progress)
                .containsExactly(
                        "round 1 of 2: Chagres",
                        "round 1 of 2: slow",
                        "round 2 of 2: slow",
                        "round 2 of 2: Chagres");
        Comparison comparison = new Comparison(all, ours.label(), 1);
        assertThat(comparison.rows()).hasSize(1);
        assertThat(comparison.lowest()).isGreaterThan(2);
        assertThat(comparison.geometricMean())
                .isCloseTo(comparison.lowest(), withinPercentage(1e-6));
        assertThat(comparison.rows().getFirst().toJson())
                .containsKeys("ratio_min", "ratio", "ratio_max", "peer_rate", "chagres")
                .containsEntry("peer", "slow");
        assertThat(comparison.toString(true)).contains("| nn").contains("Geometric mean");
    }

    @Test
    void aProcessThatFailsSaysWhy() {
        Contender ours = Contender.current();
        Contender unknown = ours.with("nobody");
        assertThatThrownBy(() -> unknown.measure(1, 1e-3, List.of(TASK)))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("there is no library 'nobody', only chagres");
    }

    @Test
    void missingPeersAreNamed() {
        assertThatThrownBy(() ->
                        Peers.compare(dir, Workloads.of(TASK), List.of(TASK), 1, 1, 1, line -> {}))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("-Ppeers");
    }

    @Test
    void anUnknownCommitIsNamed() {
        Against.Effort effort = new Against.Effort(1, 1, 7, 0);
        assertThatThrownBy(() -> Against.compare(dir, "nothing", Against.USUAL, effort, line -> {}))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("git knows no commit 'nothing'");
    }
}
