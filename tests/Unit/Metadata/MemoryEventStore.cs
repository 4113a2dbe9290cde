using System.Security.Cryptography;
using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Metadata;
using ArtifactSync.Wire;

namespace ArtifactSync.Tests.Metadata;

/// <summary>Events in memory, listed in the archive's catalog as the local store lists its own. Fails where a test wants it to.</summary>
internal sealed class MemoryEventStore : IEventStore
{
    private readonly Dictionary<string, byte[]> _events = new(StringComparer.Ordinal);

    public List<(ArtifactRef Artifact, ErrorCode Code)> Quarantined { get; } = [];

    public List<ArtifactRef> Repairs { get; } = [];

    /// <summary>Every event that was ever read, to see what a run opens.</summary>
    public List<string> Opened { get; } = [];

    /// <summary>Called before and after publishing; throws where a test wants a failure.</summary>
    public Action<string> Step { get; set; } = static _ => { };

    public IEnumerable<(ArtifactRef Artifact, byte[] Bytes)> Of(string origin) =>
        _events.Where(e => e.Key.StartsWith(origin + "/", StringComparison.Ordinal))
            .Select(static e => (Ref(e.Key), e.Value)).OrderBy(static e => e.Item1.Name, StringComparer.Ordinal);

    public bool Contains(string path) => _events.ContainsKey(path);

    public byte[] Read(CatalogEntry entry)
    {
        ArtifactRef artifact = entry.Artifact;
        lock (Opened)
        {
            Opened.Add(artifact.Path);
        }

        byte[] bytes = _events.GetValueOrDefault(artifact.Path)
            ?? throw new ArtifactSyncException(ErrorCode.ArtifactNotFound, $"No {artifact}.", artifact);
        return Convert.ToHexStringLower(SHA256.HashData(bytes)) == ArtifactName.Sha256(artifact)
            ? bytes
            : throw new ArtifactSyncException(ErrorCode.HashMismatch, $"Damaged: {artifact}.", artifact);
    }

    public void Publish(Database db, IReadOnlyList<StampedEvent> events)
    {
        Step("before");
        foreach (StampedEvent stamped in events)
        {
            Add(db, stamped.Artifact, stamped.Bytes);
        }

        Step("after");
    }

    public void Quarantine(Database db, ArtifactRef artifact, ErrorCode code, string reason)
    {
        Quarantined.Add((artifact, code));
        _events.Remove(artifact.Path);
        db.Execute("DELETE FROM artifacts WHERE origin = ? AND kind = ? AND name = ?", artifact.Origin, ArtifactKind.Meta, artifact.Name);
    }

    public void RequestRepair(Database db, ArtifactRef artifact) => Repairs.Add(artifact);

    /// <summary>As if it had come by an exchange; again = nothing.</summary>
    public void Add(Database db, ArtifactRef artifact, byte[] bytes)
    {
        if (_events.TryAdd(artifact.Path, bytes))
        {
            db.Execute(
                "INSERT INTO artifacts(origin, kind, name, sha256, size, wire_size, mtime_ns) VALUES (?, ?, ?, ?, ?, ?, 0)",
                artifact.Origin, ArtifactKind.Meta, artifact.Name, ArtifactName.Sha256(artifact), (long)bytes.Length, (long)bytes.Length);
        }
    }

    /// <summary>Changes the bytes of a stored event, as a failing disk does.</summary>
    public void Damage(ArtifactRef artifact) => _events[artifact.Path] = "{}\n"u8.ToArray();

    public void Heal(ArtifactRef artifact, byte[] bytes) => _events[artifact.Path] = bytes;

    private static ArtifactRef Ref(string path) => ArtifactName.Parse(path.Split('/')[0], ArtifactKind.Meta, path.Split('/')[2]);
}
