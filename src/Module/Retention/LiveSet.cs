namespace ArtifactSync.Retention;

/// <summary>A bit an artifact of the catalog: what must stay. Grows with the catalog by an eighth of a byte a row.</summary>
internal sealed class LiveSet(long maxAid)
{
    private readonly ulong[] _bits = new ulong[(maxAid / 64) + 1];

    /// <summary>False when it was marked before.</summary>
    public bool Add(long aid)
    {
        if (aid > maxAid)
        {
            return false;
        }
        ref var word = ref _bits[aid / 64];
        var bit = 1UL << (int)(aid % 64);
        var added = (word & bit) == 0;
        word |= bit;
        return added;
    }

    /// <summary>What came after the marks were set is nothing that they could judge: it counts as live.</summary>
    public bool Contains(long aid) => aid > maxAid || (_bits[aid / 64] & (1UL << (int)(aid % 64))) != 0;
}
