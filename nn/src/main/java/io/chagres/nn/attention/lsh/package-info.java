/// Attention by locality-sensitive hashing: each token looks at tokens whose queries point its way,
/// found by hashing and sorting, so that cost and memory grow as T log T instead of T². Kitaev,
/// Kaiser, Levskaya 2020, *Reformer: The Efficient Transformer*, arXiv:2001.04451.
@NullMarked
package io.chagres.nn.attention.lsh;

import org.jspecify.annotations.NullMarked;
