package io.chagres.cli.server;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A request that is refused, as OpenAI's interface reports it.
final class ApiException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int status;
    private final String type;
    private final @Nullable String param;
    private final @Nullable String code;

    /// @param status HTTP's status
    /// @param type kind of error
    /// @param param the field at fault; null when it is none
    /// @param code a name for programs; null for none
    ApiException(
            int status,
            String type,
            String message,
            @Nullable String param,
            @Nullable String code) {
        super(message);
        this.status = status;
        this.type = type;
        this.param = param;
        this.code = code;
    }

    /// A request that is wrong.
    static ApiException invalid(String message, @Nullable String param) {
        return new ApiException(400, "invalid_request_error", message, param, null);
    }

    int status() {
        return status;
    }

    /// The body of the response.
    Map<String, Object> toJson() {
        Map<String, @Nullable Object> error = new LinkedHashMap<>();
        error.put("message", getMessage());
        error.put("type", type);
        error.put("param", param);
        error.put("code", code);
        return Map.of("error", error);
    }
}
