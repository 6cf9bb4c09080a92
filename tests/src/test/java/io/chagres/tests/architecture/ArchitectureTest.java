package io.chagres.tests.architecture;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.simpleName;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.conditions.ArchConditions;
import com.tngtech.archunit.library.dependencies.SliceAssignment;
import com.tngtech.archunit.library.dependencies.SliceIdentifier;
import java.util.Set;
import org.junit.jupiter.api.Test;

/// The rules of the house that a compiler cannot hold.
class ArchitectureTest {
    private static final JavaClasses ALL =
            new ClassFileImporter()
                    .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
                    .importPackages("io.chagres");

    /// Values and operations refer to each other; docs/adr/0001 says why they are one unit.
    private static final Set<String> VALUES_AND_OPERATIONS =
            Set.of(
                    "io.chagres.tensor",
                    "io.chagres.tensor.op",
                    "io.chagres.tensor.backend",
                    "io.chagres.tensor.random");

    @Test
    void everythingWasImported() {
        assertThat(ALL.containPackage("io.chagres.tensor.op")).isTrue();
        assertThat(ALL.containPackage("io.chagres.kernels.cpu.gemm")).isTrue();
        assertThat(ALL.containPackage("io.chagres.cli")).isTrue();
        assertThat(ALL.containPackage("io.chagres.ptx.driver")).isTrue();
    }

    @Test
    void packagesHaveNoCycles() {
        SliceAssignment byPackage =
                new SliceAssignment() {
                    @Override
                    public SliceIdentifier getIdentifierOf(JavaClass c) {
                        String name = c.getPackageName();
                        return SliceIdentifier.of(
                                VALUES_AND_OPERATIONS.contains(name) ? "io.chagres.tensor" : name);
                    }

                    @Override
                    public String getDescription() {
                        return "packages";
                    }
                };
        slices().assignedFrom(byPackage).should().beFreeOfCycles().check(ALL);
    }

    @Test
    void importsRunOneWay() {
        below("io.chagres.tensor..", "io.chagres.autograd..", "io.chagres.nn..");
        below("io.chagres.autograd..", "io.chagres.nn..", "io.chagres.train..");
        below("io.chagres.nn..", "io.chagres.train..", "io.chagres.bench..", "io.chagres.cli..");
        below("io.chagres.train..", "io.chagres.bench..", "io.chagres.cli..");
    }

    @Test
    void nobodyImportsKernels() {
        noClasses()
                .that()
                .resideOutsideOfPackages("io.chagres.kernels..", "io.chagres.tests..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("io.chagres.kernels..")
                .check(ALL);
    }

    /// It is there for others' kernels too, without anything else of ours.
    @Test
    void theInterpreterStandsAlone() {
        noClasses()
                .that()
                .resideInAPackage("io.chagres.ptx..")
                .should()
                .dependOnClassesThat(
                        resideInAPackage("io.chagres..")
                                .and(DescribedPredicate.not(resideInAPackage("io.chagres.ptx.."))))
                .check(ALL);
    }

    @Test
    void foreignMemoryStaysBelow() {
        noClasses()
                .that()
                .resideOutsideOfPackages(
                        "io.chagres.tensor",
                        "io.chagres.tensor.memory..",
                        "io.chagres.tensor.io..",
                        "io.chagres.kernels..",
                        "io.chagres.nn.hf",
                        "io.chagres.train.checkpoint..",
                        "io.chagres.train.data..",
                        "io.chagres.ptx.driver",
                        "io.chagres.tests..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("java.lang.foreign..")
                .check(ALL);
    }

    @Test
    void nativeCallsStayInDrivers() {
        noClasses()
                .that()
                .resideOutsideOfPackages("..driver..", "io.chagres.kernels.cpu.machine..")
                .should()
                .dependOnClassesThat(
                        DescribedPredicate.describe(
                                "Linker or SymbolLookup",
                                c ->
                                        c.getName().equals("java.lang.foreign.Linker")
                                                || c.getName()
                                                        .equals("java.lang.foreign.SymbolLookup")))
                .check(ALL);
    }

    @Test
    void nobodyUsesUnsafe() {
        noClasses()
                .should()
                .dependOnClassesThat(simpleName("Unsafe").or(resideInAPackage("jdk.internal..")))
                .check(ALL);
    }

    @Test
    void reflectionStaysInTheModuleWalk() {
        noClasses()
                .that()
                .doNotHaveFullyQualifiedName("io.chagres.tensor.Records")
                .and()
                .doNotHaveFullyQualifiedName("io.chagres.tensor.Records$1")
                .and()
                .resideOutsideOfPackage("io.chagres.ptx.junit")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("java.lang.reflect..")
                .check(ALL);
    }

    @Test
    void onlyTheCliEndsTheProcess() {
        noClasses()
                .that()
                .resideOutsideOfPackages("io.chagres.cli..", "io.chagres.ptx.check")
                .should()
                .callMethod(System.class, "exit", int.class)
                .check(ALL);
    }

    @Test
    void operationsAreRecordsOrEnums() {
        classes()
                .that()
                .implement("io.chagres.tensor.op.Op")
                .and()
                .areNotInterfaces()
                .and()
                .areNotAnonymousClasses()
                .should(
                        ArchConditions.be(
                                DescribedPredicate.describe(
                                        "records or enums", c -> c.isRecord() || c.isEnum())))
                .check(ALL);
    }

    private static void below(String lower, String... upper) {
        noClasses()
                .that()
                .resideInAPackage(lower)
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(upper)
                .check(ALL);
    }
}
