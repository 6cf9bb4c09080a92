package io.chagres.tests.cases;

import java.util.List;
import java.util.stream.Stream;

/// The whole table. A new op gets a row in one of the parts; a test fails while it has none.
public final class OpCases {
    private OpCases() {}

    /// Every row.
    public static List<OpCase> all() {
        return Stream.of(
                        ElementwiseCases.rows(),
                        PrimitiveCases.rows(),
                        IndexCases.rows(),
                        ViewCases.rows(),
                        NetworkCases.rows(),
                        QuantCases.rows(),
                        AttentionCases.rows(),
                        SortCases.rows(),
                        UpdateCases.rows(),
                        MixtureCases.rows())
                .flatMap(List::stream)
                .toList();
    }
}
