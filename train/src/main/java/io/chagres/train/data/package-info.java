/// From raw text to batches of token ids: corpora, the held-out split, tokenised datasets and
/// shuffled batches with a cursor that can be saved and restored.
@NullMarked
package io.chagres.train.data;

import org.jspecify.annotations.NullMarked;
