/// Numbers of eight bits: to and from floats, and products with weights that are stored so.
@NullMarked
package io.chagres.kernels.cpu.quant;

import org.jspecify.annotations.NullMarked;
