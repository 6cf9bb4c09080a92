package io.chagres.tensor.io;

/// A safetensors file that breaks the format, or a tensor in it that is absent or of a type that is
/// not supported. The message names the file, the tensor and the field.
public final class SafeTensorsException extends FormatException {
    private static final long serialVersionUID = 1L;

    SafeTensorsException(String source, String message) {
        super(source, message);
    }

    SafeTensorsException(String source, String message, Throwable cause) {
        super(source, message, cause);
    }
}
