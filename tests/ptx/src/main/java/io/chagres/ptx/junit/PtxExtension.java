package io.chagres.ptx.junit;

import io.chagres.ptx.Gpu;
import io.chagres.ptx.machine.Checks;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.Extension;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.junit.jupiter.api.extension.TestTemplateInvocationContext;
import org.junit.jupiter.api.extension.TestTemplateInvocationContextProvider;

/// Runs a [PtxTest] once for each mode. JUnit makes it; tests only use the annotation.
public final class PtxExtension implements TestTemplateInvocationContextProvider {
    private static final Map<String, Checks> MODES = new LinkedHashMap<>();

    static {
        MODES.put("all checks", Checks.STRICT);
        MODES.put("forward", Checks.STANDARD);
        MODES.put("reverse", Checks.STANDARD.withOrder(Checks.Order.REVERSE, 0));
        MODES.put("random", Checks.STANDARD.withOrder(Checks.Order.RANDOM, 1));
    }

    /// For JUnit.
    public PtxExtension() {}

    @Override
    public boolean supportsTestTemplate(ExtensionContext context) {
        return context.getRequiredTestMethod().isAnnotationPresent(PtxTest.class);
    }

    @Override
    public Stream<TestTemplateInvocationContext> provideTestTemplateInvocationContexts(
            ExtensionContext context) {
        PtxTest test = context.getRequiredTestMethod().getAnnotation(PtxTest.class);
        String text = text(context.getRequiredTestClass(), test.value());
        return MODES.entrySet().stream().map(e -> new Invocation(e.getKey(), e.getValue(), text));
    }

    private static String text(Class<?> beside, String name) {
        try (InputStream in = beside.getResourceAsStream(name)) {
            return in != null
                    ? new String(in.readAllBytes(), StandardCharsets.UTF_8)
                    : Files.readString(Path.of(name));
        } catch (IOException e) {
            throw new UncheckedIOException("no PTX " + name + " beside " + beside, e);
        }
    }

    /// One mode: a GPU of its own with the module loaded.
    private record Invocation(String mode, Checks checks, String text)
            implements TestTemplateInvocationContext {
        @Override
        public String getDisplayName(int index) {
            return mode;
        }

        @Override
        public List<Extension> getAdditionalExtensions() {
            Gpu gpu = new Gpu(checks);
            return List.of(new Resolver(gpu, gpu.load(text)));
        }
    }

    /// Hands the GPU and the module to the test.
    private record Resolver(Gpu gpu, Gpu.Module module) implements ParameterResolver {
        @Override
        public boolean supportsParameter(ParameterContext p, ExtensionContext e) {
            Class<?> type = p.getParameter().getType();
            return type == Gpu.class || type == Gpu.Module.class;
        }

        @Override
        public Object resolveParameter(ParameterContext p, ExtensionContext e) {
            return p.getParameter().getType() == Gpu.class ? gpu : module;
        }
    }
}
