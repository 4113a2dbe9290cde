using ArtifactSync.Tests.Live;
using ArtifactSync.Wire;

namespace ArtifactSync.Tests.Ingest;

/// <summary>A folder with one origin that has one session.</summary>
internal static class OneSession
{
    public const string Id = "one";

    public static void Write(string share, string origin, IReadOnlyList<byte[]> segments, Action<SessionRecord> change)
    {
        var session = new SessionRecord { Id = Id, Machine = origin, Agent = "claude", CreatedAt = "2026-06-01T00:02:00Z" };
        change(session);
        byte[] manifest = ManifestDocument.Encode(new Manifest
        {
            Version = 1,
            Origin = origin,
            NativeSessionId = Id,
            Segments = [.. segments.Select(s => ArtifactName.Sha256(WireFiles.WriteHashed(share, origin, ArtifactKind.Segments, s))!)],
            Generation = 1,
            Session = session,
        });
        WriteCheckpoint(share, origin, Id, manifest);
    }

    /// <summary>A manifest as it is and the checkpoint that names it.</summary>
    public static void WriteCheckpoint(string share, string origin, string id, byte[] manifest)
    {
        ArtifactRef artifact = WireFiles.WriteHashed(share, origin, ArtifactKind.Manifests, manifest);
        var checkpoint = new Checkpoint
        {
            Version = 1, Origin = origin, Sequence = 1, Sessions = [new($"{origin}~{id}", ArtifactName.Sha256(artifact)!)],
        };
        WireFiles.Write(share, ArtifactName.Checkpoint(origin, 1), CheckpointDocument.Encode(checkpoint));
    }
}
