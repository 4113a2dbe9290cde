namespace ArtifactSync.Memory;

/// <summary>Who wins when a numbered mutation meets what is stored (memory spec 8.2).</summary>
public enum MemoryOrder
{
    /// <summary>The larger number: the same outcome as on original clients.</summary>
    LogOrder,

    /// <summary>Time, then number: only when every client of the server uses it.</summary>
    Lww,
}

/// <summary>How numbers 0 and -1 compare: as the cursor, or by time (a pass from 0, 7.5).</summary>
internal readonly record struct VersionRule(MemoryOrder Order, long Cursor, bool IsPassFromZero)
{
    /// <summary>Whether an incoming mutation replaces what is stored.</summary>
    /// <param name="hasTime">Of observations; other entities compare numbers alone.</param>
    public bool Wins(string time, long seq, EntityVersion? stored, bool hasTime)
    {
        if (stored is not { } local)
        {
            return true;
        }

        var byTime = hasTime ? Compare(time, local.Time) : 0;
        if (IsPassFromZero && local.Seq is (EntityVersion.Unnumbered or EntityVersion.Unsent))
        {
            // Newer wins; on a tie incoming wins against 0 and loses against -1. Without times both hold.
            return hasTime && (byTime > 0 || (byTime == 0 && local.Seq == EntityVersion.Unnumbered));
        }

        if (Order == MemoryOrder.Lww && byTime != 0)
        {
            return byTime > 0;
        }

        return local.Seq switch
        {
            null => false, // pending: after everything that has a number
            EntityVersion.Unnumbered or EntityVersion.Unsent => seq > Cursor,
            var known => seq > known,
        };
    }

    private static int Compare(string left, string right) => (MemoryTime.Parse(left), MemoryTime.Parse(right)) switch
    {
        ({ } a, { } b) => a.CompareTo(b),
        ({ }, null) => 1,
        (null, { }) => -1,
        _ => 0,
    };
}
