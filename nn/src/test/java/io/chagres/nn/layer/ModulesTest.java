package io.chagres.nn.layer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.chagres.kernels.cpu.reference.ReferenceBackend;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.memory.TensorArena;
import java.lang.classfile.Annotation;
import java.lang.constant.ClassDesc;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ModulesTest {
    private record Layer(Linear inner, String name, @Nullable Tensor extra) {}

    private record Model(
            int depth,
            Tensor first,
            List<Layer> layers,
            List<@Nullable List<Tensor>> nested,
            Linear head) {}

    private final ReferenceBackend backend = new ReferenceBackend();
    private final TensorArena arena = backend.arena("weights");
    private final Tensor table = zeros(5, 2);
    private final Model model =
            new Model(
                    2,
                    table,
                    List.of(
                            new Layer(new Linear(zeros(2, 2), zeros(2)), "a", null),
                            new Layer(new Linear(zeros(2, 2), null), "b", zeros(1))),
                    Arrays.asList(List.of(zeros(3), zeros(4)), null, List.of()),
                    new Linear(table, null));

    private Tensor zeros(long... dims) {
        Shape shape = Shape.of(dims);
        return Tensor.of(arena, shape, new float[(int) shape.size()]);
    }

    @AfterEach
    void close() {
        arena.close();
        backend.close();
    }

    @Test
    void pathsFollowComponentsAndListsInOrder() {
        assertThat(Modules.parameters(model).keySet())
                .containsExactly(
                        "first",
                        "layers.0.inner.weight",
                        "layers.0.inner.bias",
                        "layers.1.inner.weight",
                        "layers.1.extra",
                        "nested.0.0",
                        "nested.0.1");
        assertThat(Modules.parameters(model))
                .containsEntry("nested.0.1", model.nested.get(0).get(1));
        assertThat(Modules.tensors(model)).hasSize(7).startsWith(table);
    }

    @Test
    void aTiedTensorCountsOnce() {
        assertThat(Modules.parameterCount(model)).isEqualTo(10 + 4 + 2 + 4 + 1 + 3 + 4);
    }

    @Test
    void mapTensorsKeepsTiesAndEverythingElse() {
        List<Tensor> seen = new ArrayList<>();
        Model copy =
                Modules.mapTensors(
                        model,
                        t -> {
                            seen.add(t);
                            return t.copyTo(arena);
                        });
        assertThat(seen).containsExactlyElementsOf(Modules.tensors(model));
        assertThat(copy.first).isNotSameAs(table).isSameAs(copy.head.weight());
        assertThat(Modules.parameters(copy).keySet()).isEqualTo(Modules.parameters(model).keySet());
        assertThat(Modules.tensors(copy)).doesNotContainAnyElementsOf(Modules.tensors(model));
        assertThat(copy.depth).isEqualTo(2);
        assertThat(copy.layers.get(1).name).isEqualTo("b");
        assertThat(copy.nested.get(1)).isNull();
        assertThat(model.first).isSameAs(table);
    }

    @Test
    void mapReplacesRecordsAfterTheirParts() {
        List<String> visited = new ArrayList<>();
        Model widened =
                Modules.map(
                        model,
                        part -> {
                            visited.add(part.getClass().getSimpleName());
                            return part instanceof Layer l
                                    ? new Layer(l.inner, l.name + "!", null)
                                    : part;
                        });
        assertThat(widened.layers).extracting(Layer::name).containsExactly("a!", "b!");
        assertThat(widened.head).isSameAs(model.head);
        assertThat(visited)
                .startsWith("Tensor", "Tensor", "Tensor", "Linear", "Layer")
                .endsWith("Linear", "Model");
    }

    @Test
    void whatChangesNothingReturnsTheSameModel() {
        assertThat(Modules.map(model, part -> part)).isSameAs(model);
    }

    @Test
    void aReplacementThatDoesNotFitNamesTheRecord() {
        assertThatThrownBy(() ->
                        Modules.map(model, part -> part instanceof Linear ? "no layer" : part))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("cannot rebuild record")
                .hasMessageContaining("ModulesTest$Layer");
    }

    @Test
    void aRecordThatCannotBeReadSaysWhatToOpen() {
        // a record in a package that its module keeps to itself
        Object hidden = Annotation.of(ClassDesc.of("a.B"));
        assertThat(hidden).isInstanceOf(Record.class);
        assertThatThrownBy(() -> Modules.parameters((Record) hidden))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(hidden.getClass().getName())
                .hasMessageContaining("open its package to io.chagres.tensor");
    }
}
