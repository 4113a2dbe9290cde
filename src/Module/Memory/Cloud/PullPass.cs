namespace ArtifactSync.Memory.Cloud;

internal enum PassKind
{
    /// <summary>What is above the cursor.</summary>
    Ordinary,

    /// <summary>From a window below the cursor on: mutations that became visible late (7.5).</summary>
    ReRead,

    /// <summary>The whole log, unnumbered rows compared by time (7.5 "catch-up").</summary>
    FromZero,
}

/// <summary>One walk through a log, as it was begun.</summary>
/// <param name="Since">The number asked for first; the cursor's own mutation comes with the first page.</param>
/// <param name="Cursor">Where the cursor stood.</param>
/// <param name="Mark">What it stood on; null = not checked.</param>
/// <param name="Owing">Projects that owe a pass; those that were enrolled later owe one of their own.</param>
internal sealed record PullPass(PassKind Kind, long Since, long Cursor, CursorMark? Mark, OwedPass Owes, IReadOnlyList<string> Owing)
{
    /// <summary>The mutation of the cursor was met where it belongs.</summary>
    public bool SawCursor { get; set; }

    public static PullPass Begin(TargetState state, MemorySyncSettings settings, IReadOnlyList<string> owing, bool isFirst)
    {
        var kind = state.Owes != OwedPass.None || owing.Count > 0 || (isFirst && settings.IsFull) ? PassKind.FromZero
            : isFirst && settings.ReRead(state) ? PassKind.ReRead
            : PassKind.Ordinary;
        var since = kind switch
        {
            PassKind.FromZero => 0,
            PassKind.ReRead => Math.Max(0, state.Cursor - settings.ReReadWindow),
            _ => settings.ChecksCursor ? Math.Max(0, state.Cursor - 1) : state.Cursor,
        };
        return new PullPass(kind, since, state.Cursor, settings.ChecksCursor && state.Cursor > 0 ? state.Mark : null, state.Owes, owing);
    }

    /// <summary>False when the log does not have the cursor's mutation in its place any more (7.5 step 1).</summary>
    public bool IsSameLog(PullPage page)
    {
        foreach (var mutation in Mark is null || SawCursor ? [] : page.Mutations)
        {
            if (mutation.Seq == Cursor && CursorMark.Of(mutation) == Mark)
            {
                SawCursor = true;
            }

            if (mutation.Seq >= Cursor)
            {
                return SawCursor;
            }
        }

        return Mark is null || SawCursor || page.HasMore;
    }
}
