package io.chagres.tensor.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.chagres.tensor.io.AtomicFiles.Step;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class AtomicFilesTest {
    /// Stands for the end of the process: not an exception that cleaning up reacts to.
    private static final class Crash extends Error {
        private static final long serialVersionUID = 1L;
    }

    @TempDir Path dir;

    private Path target() {
        return dir.resolve("checkpoint");
    }

    private static AtomicFiles.FolderBody body(String text) {
        return folder -> {
            Files.writeString(folder.resolve("a"), text);
            Files.createDirectories(folder.resolve("sub"));
            Files.writeString(folder.resolve("sub").resolve("b"), text);
        };
    }

    private static void assertHolds(Path folder, String text) throws IOException {
        assertThat(folder.resolve("a")).hasContent(text);
        assertThat(folder.resolve("sub").resolve("b")).hasContent(text);
    }

    private List<String> names() throws IOException {
        try (Stream<Path> files = Files.list(dir)) {
            return files.map(p -> p.getFileName().toString()).sorted().toList();
        }
    }

    private void crashAt(Step at, String text) {
        assertThatThrownBy(() ->
                        AtomicFiles.writeFolder(
                                target(),
                                body(text),
                                step -> {
                                    if (step == at) {
                                        throw new Crash();
                                    }
                                }))
                .isInstanceOf(Crash.class);
    }

    @Test
    void replacesAFolderWhole() throws IOException {
        AtomicFiles.writeFolder(target(), body("1"));
        assertHolds(target(), "1");
        AtomicFiles.writeFolder(target(), folder -> Files.writeString(folder.resolve("only"), "2"));
        assertThat(target().resolve("only")).hasContent("2");
        assertThat(target().resolve("a")).doesNotExist();
        assertThat(names()).containsExactly("checkpoint");
    }

    @ParameterizedTest
    @EnumSource(Step.class)
    void aCrashLeavesOldOrNewWhole(Step at) throws IOException {
        AtomicFiles.writeFolder(target(), body("old"));
        crashAt(at, "new");

        boolean stillOld = at == Step.WRITTEN || at == Step.COMPLETE;
        Path found = AtomicFiles.locate(target());
        assertHolds(found, stillOld ? "old" : "new");
        assertThat(found.equals(target())).isEqualTo(at != Step.ASIDE);

        assertThat(AtomicFiles.recover(target())).isTrue();
        assertHolds(target(), at == Step.WRITTEN ? "old" : "new");
        assertThat(names()).containsExactly("checkpoint");
        assertThat(AtomicFiles.recover(target())).isTrue();

        AtomicFiles.writeFolder(target(), body("next"));
        assertHolds(target(), "next");
        assertThat(names()).containsExactly("checkpoint");
    }

    @ParameterizedTest
    @EnumSource(
            value = Step.class,
            names = {"WRITTEN", "COMPLETE", "ASIDE", "PLACED", "DONE"})
    void aCrashOfTheFirstWriteLeavesNothingOrNew(Step at) throws IOException {
        crashAt(at, "new");
        boolean whole = at != Step.WRITTEN;
        assertThat(AtomicFiles.recover(target())).isEqualTo(whole);
        if (whole) {
            assertHolds(target(), "new");
            assertThat(names()).containsExactly("checkpoint");
        } else {
            assertThat(names()).isEmpty();
            assertThatThrownBy(() -> AtomicFiles.locate(target()))
                    .isInstanceOf(NoSuchFileException.class);
        }
    }

    /// Every state that a crash leaves, and a crash at every step of the recovery from it.
    @Test
    void recoveryMayCrashToo() throws IOException {
        for (Step first : EnumSet.complementOf(EnumSet.of(Step.WRITTEN))) {
            for (Step second : EnumSet.of(Step.ASIDE, Step.PLACED, Step.DISCARDED)) {
                AtomicFiles.writeFolder(target(), body("old"));
                crashAt(first, "new");
                try {
                    AtomicFiles.recover(
                            target(),
                            step -> {
                                if (step == second) {
                                    throw new Crash();
                                }
                            });
                } catch (Crash expected) {
                    assertThat(AtomicFiles.locate(target())).isDirectory();
                }
                AtomicFiles.recover(target());
                assertHolds(target(), "new");
                assertThat(names()).containsExactly("checkpoint");
            }
        }
    }

    @Test
    void aCrashInsideTheBodyLeavesRubbishThatTheNextWriteClears() throws IOException {
        AtomicFiles.writeFolder(target(), body("old"));
        assertThatThrownBy(() ->
                        AtomicFiles.writeFolder(
                                target(),
                                folder -> {
                                    Files.writeString(folder.resolve("stale"), "half");
                                    throw new Crash();
                                }))
                .isInstanceOf(Crash.class);
        assertThat(names()).containsExactly("checkpoint", "checkpoint.partial");
        assertHolds(AtomicFiles.locate(target()), "old");
        AtomicFiles.writeFolder(target(), body("new"));
        assertHolds(target(), "new");
        assertThat(target().resolve("stale")).doesNotExist();
        assertThat(names()).containsExactly("checkpoint");
    }

    @Test
    void aFailureLeavesTheOldFolderAndNothingElse() throws IOException {
        AtomicFiles.writeFolder(target(), body("old"));
        assertThatThrownBy(() ->
                        AtomicFiles.writeFolder(
                                target(),
                                folder -> {
                                    body("new").writeTo(folder);
                                    throw new IOException("disk full");
                                }))
                .hasMessage("disk full");
        assertHolds(target(), "old");
        assertThat(names()).containsExactly("checkpoint");
    }

    @Test
    void onlyTheAsideCopyIsRestored() throws IOException {
        AtomicFiles.writeFolder(target(), body("old"));
        Files.move(target(), dir.resolve("checkpoint.old"));
        assertHolds(AtomicFiles.locate(target()), "old");
        assertThat(AtomicFiles.recover(target())).isTrue();
        assertHolds(target(), "old");
        assertThat(names()).containsExactly("checkpoint");
    }

    @Test
    void deletingDoesNotFollowLinks() throws IOException {
        Path outside = Files.createDirectory(dir.resolve("outside"));
        Files.writeString(outside.resolve("precious"), "x");
        AtomicFiles.writeFolder(
                target(), folder -> Files.createSymbolicLink(folder.resolve("link"), outside));
        AtomicFiles.writeFolder(target(), body("new"));
        assertThat(outside.resolve("precious")).hasContent("x");
    }

    @Test
    void aFileIsReplacedOrUntouched() throws IOException {
        Path file = dir.resolve("x.txt");
        AtomicFiles.writeString(file, "one");
        AtomicFiles.writeString(file, "two ä");
        assertThat(file).hasContent("two ä");
        assertThatThrownBy(() ->
                        AtomicFiles.writeFile(
                                file,
                                channel -> {
                                    throw new IOException("disk full");
                                }))
                .hasMessage("disk full");
        assertThat(file).hasContent("two ä");
        assertThat(names()).containsExactly("x.txt");
        assertThatThrownBy(() -> AtomicFiles.writeString(dir.resolve("no").resolve("x"), ""))
                .isInstanceOf(NoSuchFileException.class);
    }
}
