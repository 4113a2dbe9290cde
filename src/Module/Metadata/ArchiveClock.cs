using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Wire;

namespace ArtifactSync.Metadata;

/// <summary>
/// The archive's hybrid clock inside one write transaction: loaded when first asked, stored by <see cref="Save"/> before the
/// commit. The transaction is what makes the stamps of two processes distinct (decisions: the clock).
/// </summary>
internal sealed class ArchiveClock(Database db, TimeProvider wall)
{
    private Hlc? _last;
    private bool _loaded;
    private bool _moved;

    /// <summary>The stamp of a local edit.</summary>
    /// <exception cref="ArtifactSyncException">
    /// <see cref="ErrorCode.ClockDrift"/>, <see cref="ErrorCode.ClockOverflow"/>, <see cref="ErrorCode.ClockInvalid"/>.
    /// </exception>
    public Hlc Next() => Move(HybridClock.Next(Load(), WallClock.Now(wall)));

    /// <summary>Meets a foreign event; the state moves past it, or stays and the fault tells why the event has to wait.</summary>
    /// <exception cref="ArtifactSyncException"><see cref="ErrorCode.ClockInvalid"/>.</exception>
    public ErrorCode? Observe(Hlc remote)
    {
        if (HybridClock.Observe(Load(), remote, WallClock.Now(wall), out ErrorCode? fault) is { } value)
        {
            Move(value);
        }

        return fault;
    }

    /// <summary>Stores the state when it moved.</summary>
    public void Save()
    {
        if (_moved)
        {
            MetadataTable.StoreClock(db, _last!.Value.ToString());
            _moved = false;
        }
    }

    private Hlc? Load()
    {
        if (!_loaded)
        {
            _last = Parse(MetadataTable.LoadClock(db));
            _loaded = true;
        }

        return _last;
    }

    private Hlc Move(Hlc value)
    {
        (_last, _moved) = (value, true);
        return value;
    }

    private static Hlc? Parse(string? text)
    {
        if (string.IsNullOrWhiteSpace(text))
        {
            return null;
        }

        return Hlc.TryParse(text, out Hlc value) ? value : throw new ArtifactSyncException(
            ErrorCode.ClockInvalid,
            $"The archive's clock state '{text}' can't be read. It is never reset by itself, because stamps would repeat; restore the "
            + "archive from a backup.",
            text);
    }
}
