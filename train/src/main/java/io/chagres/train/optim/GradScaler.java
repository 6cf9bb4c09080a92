package io.chagres.train.optim;

/// The factor that a loss is multiplied by before its gradient is taken, so that small gradients do
/// not vanish in F16, and divided out of again before the update. Micikevicius et al. 2017,
/// arXiv:1710.03740.
///
/// A step whose gradients are infinite or NaN is left out and the scale halved; after
/// [#GROWTH_INTERVAL] good steps in a row it is doubled. A scale is a power of two times the first
/// one, so that scaling by it is exact. Immutable; a run keeps it in its checkpoint.
///
/// @param scale the factor; 1 for none
/// @param goodSteps steps in a row since it last changed
/// @param skipped steps left out so far
/// @param adapts whether it changes
public record GradScaler(double scale, long goodSteps, long skipped, boolean adapts) {
    /// The first scale, as PyTorch's: 2¹⁶.
    public static final double FIRST = 65_536;

    /// Good steps in a row before the scale is doubled.
    public static final long GROWTH_INTERVAL = 2000;

    private static final double GROWTH = 2;
    private static final double BACKOFF = 0.5;
    private static final double LARGEST = 0x1p100;

    /// No scaling, for F32 and BF16, whose exponents suffice.
    public static final GradScaler NONE = new GradScaler(1, 0, 0, false);

    /// Checks the numbers.
    public GradScaler {
        if (!(scale > 0 && Double.isFinite(scale)) || goodSteps < 0 || skipped < 0) {
            throw new IllegalArgumentException(
                    "a loss scale of %s after %d good steps, %d skipped"
                            .formatted(scale, goodSteps, skipped));
        }
    }

    /// A scaler before the first step.
    public static GradScaler startingAt(double scale) {
        return new GradScaler(scale, 0, 0, true);
    }

    /// The scaler to go on with in a precision that may be another one.
    ///
    /// @param adapting whether that precision scales the loss
    /// @param first the scale to begin with where none is in use
    public GradScaler goingOn(boolean adapting, double first) {
        return adapting == adapts
                ? this
                : new GradScaler(adapting ? first : 1, 0, skipped, adapting);
    }

    /// The scaler of the next step.
    ///
    /// @param finite whether this step's gradients were; if not, it was left out
    public GradScaler after(boolean finite) {
        if (!finite) {
            return new GradScaler(adapts ? scale * BACKOFF : scale, 0, skipped + 1, adapts);
        }
        if (!adapts) {
            return this;
        }
        boolean grow = goodSteps + 1 >= GROWTH_INTERVAL && scale * GROWTH <= LARGEST;
        return grow
                ? new GradScaler(scale * GROWTH, 0, skipped, true)
                : new GradScaler(scale, goodSteps + 1, skipped, true);
    }
}
