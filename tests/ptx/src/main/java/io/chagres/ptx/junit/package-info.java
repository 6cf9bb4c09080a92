/// JUnit tests of kernels: each runs in every order and with every check.
@NullMarked
package io.chagres.ptx.junit;

import org.jspecify.annotations.NullMarked;
