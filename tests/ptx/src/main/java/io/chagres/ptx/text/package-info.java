/// PTX as text: lexer, parser, and what they give.
@NullMarked
package io.chagres.ptx.text;

import org.jspecify.annotations.NullMarked;
