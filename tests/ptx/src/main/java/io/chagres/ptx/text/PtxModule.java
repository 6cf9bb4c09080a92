package io.chagres.ptx.text;

import java.util.Map;

/// A parsed PTX file.
///
/// @param version of the language, `8.0`
/// @param target `sm_80`
/// @param variables of module scope, by name
/// @param entries kernels, by name, in the order of the file
public record PtxModule(
        String version,
        String target,
        Map<String, Variable> variables,
        Map<String, Entry> entries) {
    /// Parses `source`.
    ///
    /// @throws PtxSyntaxException when it is not PTX that this parser knows
    public static PtxModule parse(String source) {
        return new Parser(source).module();
    }
}
