package io.chagres.nn.text.chat.jinja;

/// What a name that nothing is known by stands for: empty when printed, an error when used.
///
/// @param reason the message of that error
record Undefined(String reason) {
    static Undefined variable(String name) {
        return new Undefined("'" + name + "' is undefined");
    }

    static Undefined attribute(Object owner, String name) {
        return new Undefined(
                "'" + Values.typeName(owner) + " object' has no attribute '" + name + "'");
    }

    // All are equal, as in Jinja.
    @Override
    public boolean equals(Object other) {
        return other instanceof Undefined;
    }

    @Override
    public int hashCode() {
        return 0;
    }
}
