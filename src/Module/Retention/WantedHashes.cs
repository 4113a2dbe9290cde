using ArtifactSync.Archive;

namespace ArtifactSync.Retention;

/// <summary>What of one kind must be here, and what stays if it is here; both by hash.</summary>
internal sealed class WantedHashes
{
    private readonly HashSet<string> _needed = new(StringComparer.Ordinal), _kept = new(StringComparer.Ordinal);

    /// <summary>Needed, and not found yet; null = everything was found.</summary>
    public string? Missing => _needed.Min(StringComparer.Ordinal);

    public bool IsEmpty => _needed.Count == 0 && _kept.Count == 0;

    /// <summary>False when it is needed already.</summary>
    public bool Need(string sha256) => _needed.Add(sha256);

    public void Keep(string sha256) => _kept.Add(sha256);

    /// <summary>Whether a row stays; each is asked for once, by its unique name.</summary>
    public Want Find(CatalogRow row) =>
        _needed.GetAlternateLookup<ReadOnlySpan<char>>().Remove(row.Hash) ? Want.Needed
        : _kept.GetAlternateLookup<ReadOnlySpan<char>>().Contains(row.Hash) ? Want.Kept
        : Want.Nothing;
}

internal enum Want { Nothing, Kept, Needed }
