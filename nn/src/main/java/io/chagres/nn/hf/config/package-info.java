/// `config.json` and `generation_config.json` of Hugging Face model folders.
@NullMarked
package io.chagres.nn.hf.config;

import org.jspecify.annotations.NullMarked;
