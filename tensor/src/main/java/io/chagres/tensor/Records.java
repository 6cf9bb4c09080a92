package io.chagres.tensor;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Looks into records: the one place of the library that uses reflection. Models are records of
/// records; their component names are the paths of parameters.
public final class Records {
    private static final ClassValue<Method[]> ACCESSORS =
            new ClassValue<>() {
                @Override
                protected Method[] computeValue(Class<?> type) {
                    RecordComponent[] parts = type.getRecordComponents();
                    Method[] all = new Method[parts.length];
                    for (int i = 0; i < parts.length; i++) {
                        all[i] = parts[i].getAccessor();
                        all[i].trySetAccessible();
                    }
                    return all;
                }
            };

    private Records() {}

    /// Names of the components, in order.
    public static List<String> names(Class<? extends Record> type) {
        List<String> names = new ArrayList<>();
        for (Method m : ACCESSORS.get(type)) {
            names.add(m.getName());
        }
        return names;
    }

    /// Whether [#values] can look into a record: whether its package is exported or open.
    public static boolean canRead(Record record) {
        for (Method m : ACCESSORS.get(record.getClass())) {
            if (!m.canAccess(record)) {
                return false;
            }
        }
        return true;
    }

    /// Values of the components, in order.
    ///
    /// @throws IllegalArgumentException when the record's package is not open to this module
    public static List<@Nullable Object> values(Record record) {
        List<@Nullable Object> values = new ArrayList<>();
        for (Method m : ACCESSORS.get(record.getClass())) {
            try {
                values.add(m.invoke(record));
            } catch (IllegalAccessException e) {
                throw new IllegalArgumentException(
                        "cannot read record "
                                + record.getClass().getName()
                                + ": make it public in an exported package, or open its package to"
                                + " io.chagres.tensor",
                        e);
            } catch (InvocationTargetException e) {
                throw new IllegalStateException(record.getClass().getName() + "." + m.getName(), e);
            }
        }
        return values;
    }

    /// A record of the same class with other component values, through its canonical constructor.
    ///
    /// @throws IllegalArgumentException when the values do not fit or the class is not accessible
    public static <R extends Record> R rebuild(R record, List<? extends @Nullable Object> values) {
        @SuppressWarnings("unchecked")
        Class<R> type = (Class<R>) record.getClass();
        RecordComponent[] parts = type.getRecordComponents();
        Class<?>[] types = new Class<?>[parts.length];
        for (int i = 0; i < parts.length; i++) {
            types[i] = parts[i].getType();
        }
        try {
            var constructor = type.getDeclaredConstructor(types);
            constructor.trySetAccessible();
            return constructor.newInstance(values.toArray());
        } catch (ReflectiveOperationException | IllegalArgumentException e) {
            throw new IllegalArgumentException("cannot rebuild record " + type.getName(), e);
        }
    }
}
