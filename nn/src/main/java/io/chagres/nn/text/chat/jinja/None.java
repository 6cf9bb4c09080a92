package io.chagres.nn.text.chat.jinja;

/// The value `none`. Values of templates are this, [Undefined], `Boolean`, `Long`, `BigInteger`,
/// `Double`, `String`, `List`, `Map`, [Function] and [Fields]; never `null`.
enum None {
    NONE
}
