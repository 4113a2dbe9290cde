using ArtifactSync.Wire;

namespace ArtifactSync.Tests.Live;

/// <summary>A checkpoint of many sessions that share one empty segment; the bodies were not recorded.</summary>
internal static class ThousandSessions
{
    public static void Write(string share, string origin, int count)
    {
        ArtifactRef segment = WireFiles.WriteHashed(share, origin, ArtifactKind.Segments, []);
        var sessions = new List<KeyValuePair<string, string>>();
        for (int i = 0; i < count; i++)
        {
            string id = $"s{i:D4}";
            byte[] manifest = ManifestDocument.Encode(new Manifest
            {
                Version = 1,
                Origin = origin,
                NativeSessionId = id,
                Segments = [ArtifactName.Sha256(segment)!],
                Generation = 1,
                Session = new SessionRecord { Id = id, Machine = origin, Agent = "claude", CreatedAt = "2026-06-01T00:02:00Z" },
            });
            sessions.Add(new($"{origin}~{id}", ArtifactName.Sha256(WireFiles.WriteHashed(share, origin, ArtifactKind.Manifests, manifest))!));
        }

        var checkpoint = new Checkpoint { Version = 1, Origin = origin, Sequence = 1, Sessions = sessions };
        WireFiles.Write(share, ArtifactName.Checkpoint(origin, 1), CheckpointDocument.Encode(checkpoint));
    }
}
