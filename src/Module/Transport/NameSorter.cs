namespace ArtifactSync.Transport;

/// <summary>Counts the names that a listing passes over. Thread-safe.</summary>
internal sealed class NameSorter
{
    private long _temporary, _conflictCopies, _setAside, _stray;

    public IgnoredNames Total => new(
        Interlocked.Read(ref _temporary), Interlocked.Read(ref _conflictCopies), Interlocked.Read(ref _setAside), Interlocked.Read(ref _stray));

    public void Ignore(string name)
    {
        if (name.StartsWith(Store.WriteOnceFolder.TemporaryPrefix, StringComparison.Ordinal))
        {
            Interlocked.Increment(ref _temporary);
        }
        else if (IsConflictCopy(name))
        {
            Interlocked.Increment(ref _conflictCopies);
        }
        else if (name.Contains(".corrupt", StringComparison.Ordinal))
        {
            Interlocked.Increment(ref _setAside);
        }
        else
        {
            Interlocked.Increment(ref _stray);
        }
    }

    /// <summary>
    /// As Syncthing and Dropbox name them: <c>cp-0000000001.sync-conflict-20260101-120000-ABCDEFG.json</c>,
    /// <c>cp-0000000001 (laptop's conflicted copy 2026-01-01).json</c>.
    /// </summary>
    internal static bool IsConflictCopy(string name) =>
        name.Contains(".sync-conflict-", StringComparison.Ordinal) || name.Contains("conflicted copy", StringComparison.OrdinalIgnoreCase);
}
