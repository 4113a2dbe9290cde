using ArtifactSync.Errors;
using ArtifactSync.Wire;

namespace ArtifactSync.Metadata;

/// <summary>
/// The rules of the hybrid logical clock (spec 8.3): state in, state out. Loading and storing is
/// <see cref="ArchiveClock"/>'s affair.
/// </summary>
internal static class HybridClock
{
    /// <summary>How far a clock may stand ahead of the wall, in seconds; exactly this far is allowed.</summary>
    public const long DriftSeconds = 300;

    /// <summary>The stamp of a local edit; it exceeds everything seen before.</summary>
    /// <exception cref="ArtifactSyncException">
    /// <see cref="ErrorCode.ClockDrift"/>: the state stands ahead of the wall; <see cref="ErrorCode.ClockOverflow"/>.
    /// </exception>
    public static Hlc Next(Hlc? last, Hlc now)
    {
        RequireNear(last, now);
        return last is { } state && now.CompareWall(state) <= 0 ? Tick(state, state.Logical) : At(now, 0);
    }

    /// <summary>
    /// The state after meeting an event of another machine; null = it can't be met now (<see cref="ErrorCode.ClockDrift"/>: the
    /// state or the event stands ahead of the wall; <see cref="ErrorCode.ClockOverflow"/>) and the state stays. No exception:
    /// a peer may send any number of such events.
    /// </summary>
    public static Hlc? Observe(Hlc? last, Hlc remote, Hlc now, out ErrorCode? fault)
    {
        fault = null;
        if ((last is { } state && IsAhead(state, now)) || IsAhead(remote, now))
        {
            fault = ErrorCode.ClockDrift;
            return null;
        }

        Hlc wall = Later(Later(now, remote), last ?? now);
        ulong logical = Math.Max(LogicalAt(remote, wall), last is { } known ? LogicalAt(known, wall) : 0);
        if (now.CompareWall(wall) == 0 && logical == 0)
        {
            return At(wall, 0);
        }

        fault = logical == ulong.MaxValue ? ErrorCode.ClockOverflow : null;
        return fault is null ? At(wall, logical + 1) : null;
    }

    /// <summary>Whether a time is too far ahead of the wall to be believed.</summary>
    public static bool IsAhead(Hlc time, Hlc now) => time.CompareWall(new Hlc(now.Seconds + DriftSeconds, now.Nanos, 0)) > 0;

    private static void RequireNear(Hlc? last, Hlc now)
    {
        if (last is { } state && IsAhead(state, now))
        {
            throw new ArtifactSyncException(
                ErrorCode.ClockDrift,
                $"The archive's clock stands at {state}, more than 5 minutes ahead of this machine's. Correct the machine's clock "
                + "or wait until it has caught up.",
                state.ToString());
        }
    }

    private static Hlc Later(Hlc a, Hlc b) => a.CompareWall(b) >= 0 ? a : b;

    private static ulong LogicalAt(Hlc time, Hlc wall) => time.CompareWall(wall) == 0 ? time.Logical : 0;

    private static Hlc At(Hlc wall, ulong logical) => new(wall.Seconds, wall.Nanos, logical);

    private static Hlc Tick(Hlc wall, ulong logical) => logical < ulong.MaxValue
        ? At(wall, logical + 1)
        : throw new ArtifactSyncException(
            ErrorCode.ClockOverflow,
            $"The counter of the clock is used up at {wall}. Wait until this machine's clock has passed that time.",
            wall.ToString());
}
