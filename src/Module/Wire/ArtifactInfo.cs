namespace ArtifactSync.Wire;

/// <summary>What an artifact is, independent of its compression.</summary>
/// <param name="Sha256">Lower-case hex SHA-256 of the decoded bytes.</param>
/// <param name="Size">Decoded bytes.</param>
/// <param name="WireSize">Bytes as stored and transferred.</param>
internal readonly record struct ArtifactIdentity(string Sha256, long Size, long WireSize);

/// <summary>A verified artifact (spec 10.2).</summary>
/// <param name="Identity">Hash and sizes.</param>
/// <param name="IsFuture">Whether its version is above ours: kept and relayed, not imported.</param>
/// <param name="References">What it depends on, in document order; empty for segments, events and raw.</param>
internal sealed record ArtifactInfo(
    ArtifactIdentity Identity, bool IsFuture, IReadOnlyList<(ArtifactKind Kind, string Sha256)> References);
