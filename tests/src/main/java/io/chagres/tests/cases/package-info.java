/// The table of operations: one row says what an operation takes and how exact it must be. Tests
/// and micro-benchmarks read the same rows.
@NullMarked
package io.chagres.tests.cases;

import org.jspecify.annotations.NullMarked;
