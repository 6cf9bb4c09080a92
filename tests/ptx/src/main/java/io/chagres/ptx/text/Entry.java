package io.chagres.ptx.text;

import java.util.List;
import java.util.Map;

/// A kernel.
///
/// @param params with their offsets in the parameter block
/// @param paramBytes size of the block
/// @param code instructions; the last is always `ret`
/// @param locals the shared and local variables, by name
/// @param registers numbers of predicate, 32-bit and 64-bit registers
/// @param localBytes bytes of local memory a thread
/// @param maxThreads of `.maxntid` or `.reqntid`, or 0
/// @param clusterSize blocks of `.reqnctapercluster`, or 0
public record Entry(
        String name,
        List<Variable> params,
        int paramBytes,
        List<Instruction> code,
        Map<String, Variable> locals,
        Registers registers,
        int localBytes,
        int maxThreads,
        int clusterSize,
        int line) {
    /// How many registers of each bank are declared.
    public record Registers(int predicates, int ints, int longs) {}
}
