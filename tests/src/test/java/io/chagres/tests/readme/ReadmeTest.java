package io.chagres.tests.readme;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.chagres.train.data.Batch;
import io.chagres.train.data.Batches;
import io.chagres.train.data.TokenDataset;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.StringWriter;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.net.URI;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The README's Java compiles against the real API, and its training loop trains.
class ReadmeTest {
    private static final Pattern SNIPPET =
            Pattern.compile("<!-- snippet: (\\S+) -->\\s*```java\n(.*?)```", Pattern.DOTALL);

    private static final List<String> IMPORTS =
            List.of(
                    "io.chagres.autograd",
                    "io.chagres.nn.generate",
                    "io.chagres.nn.layer",
                    "io.chagres.nn.loss",
                    "io.chagres.nn.transformer",
                    "io.chagres.tensor",
                    "io.chagres.tensor.backend",
                    "io.chagres.train.data",
                    "io.chagres.train.optim",
                    "java.nio.file",
                    "java.util");

    @TempDir Path classes;

    private static String readme() throws IOException {
        for (Path at = Path.of("").toAbsolutePath(); at != null; at = at.getParent()) {
            if (Files.exists(at.resolve("README.md")) && Files.exists(at.resolve("pom.xml"))) {
                return Files.readString(at.resolve("README.md"));
            }
        }
        throw new IOException("no README.md above " + Path.of("").toAbsolutePath());
    }

    private static Map<String, String> snippets() throws IOException {
        Map<String, String> found = new LinkedHashMap<>();
        Matcher m = SNIPPET.matcher(readme());
        while (m.find()) {
            found.put(m.group(1), m.group(2));
        }
        return found;
    }

    /// Compiles a snippet as the body of `static void run(Iterable<Batch> batches)` of a class.
    private void compile(String name, String body) {
        StringBuilder source = new StringBuilder();
        IMPORTS.forEach(p -> source.append("import ").append(p).append(".*;\n"));
        source.append("public final class ")
                .append(name)
                .append(" {\n")
                .append("public static void run(Iterable<Batch> batches) throws Exception {\n")
                .append(body)
                .append("}\n}\n");
        URI uri = URI.create("string:///" + name + ".java");
        var file =
                new SimpleJavaFileObject(uri, JavaFileObject.Kind.SOURCE) {
                    @Override
                    public CharSequence getCharContent(boolean ignoreEncodingErrors) {
                        return source;
                    }
                };
        List<String> options =
                List.of(
                        "-proc:none",
                        "-d",
                        classes.toString(),
                        "-cp",
                        System.getProperty("java.class.path"));
        StringWriter log = new StringWriter();
        boolean ok =
                ToolProvider.getSystemJavaCompiler()
                        .getTask(log, null, null, options, null, List.of(file))
                        .call();
        assertThat(ok).as("%s does not compile:%n%s", name, log).isTrue();
    }

    @Test
    void everyBlockOfJavaCompiles() throws IOException {
        Map<String, String> snippets = snippets();
        assertThat(snippets).containsKeys("training", "generating");
        assertThat(readme().split("```java", -1)).hasSize(snippets.size() + 1);
        snippets.forEach(this::compile);
    }

    @Test
    void theTrainingLoopTrains() throws Throwable {
        compile("training", snippets().get("training"));
        int[] ids = IntStream.range(0, 2 * 2 * 16 + 1).map(i -> i * i % 97).toArray();
        Iterable<Batch> batches = Batches.inOrder(TokenDataset.of(ids, 0, ids.length), 16, 2, 0);
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        PrintStream out = System.out;
        try (var loader = new URLClassLoader(new URL[] {classes.toUri().toURL()})) {
            System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
            MethodHandles.publicLookup()
                    .findStatic(
                            loader.loadClass("training"),
                            "run",
                            MethodType.methodType(void.class, Iterable.class))
                    .invokeExact(batches);
        } finally {
            System.setOut(out);
        }
        List<Double> losses =
                printed.toString(StandardCharsets.UTF_8).lines().map(Double::valueOf).toList();
        assertThat(losses).hasSize(2);
        // fresh weights: every token of the vocabulary of 512 is about as likely
        assertThat(losses.getFirst()).isCloseTo(Math.log(512), within(0.3));
        assertThat(losses.getLast()).isCloseTo(Math.log(512), within(0.3));
    }
}
