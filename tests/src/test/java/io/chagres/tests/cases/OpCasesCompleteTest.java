package io.chagres.tests.cases;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import io.chagres.tensor.op.Activation;
import io.chagres.tensor.op.Binary;
import io.chagres.tensor.op.Compare;
import io.chagres.tensor.op.Op;
import io.chagres.tensor.op.Unary;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class OpCasesCompleteTest {
    @Test
    void everyOpClassHasARow() {
        Set<String> ops =
                new ClassFileImporter()
                        .importPackages("io.chagres.tensor.op").stream()
                                .filter(c -> c.isAssignableTo(Op.class) && !c.isInterface())
                                .filter(c -> !c.isAnonymousClass())
                                .map(JavaClass::getName)
                                .collect(Collectors.toSet());
        assertThat(ops).hasSizeGreaterThan(20);
        Set<String> rows =
                OpCases.all().stream()
                        .map(r -> r.op())
                        .map(op -> op instanceof Enum<?> e ? e.getDeclaringClass() : op.getClass())
                        .map(Class::getName)
                        .collect(Collectors.toSet());
        assertThat(rows).as("ops with a row in OpCases").containsAll(ops);
    }

    @Test
    void everyConstantOfAnEnumHasARow() {
        Set<Op> rows = OpCases.all().stream().map(OpCase::op).collect(Collectors.toSet());
        List<Op> constants =
                Stream.<Op[]>of(
                                Unary.values(),
                                Binary.values(),
                                Compare.values(),
                                Activation.values())
                        .flatMap(Stream::of)
                        .toList();
        assertThat(rows).containsAll(constants);
    }

    @Test
    void namesAreUnique() {
        assertThat(OpCases.all()).extracting(OpCase::name).doesNotHaveDuplicates();
    }
}
