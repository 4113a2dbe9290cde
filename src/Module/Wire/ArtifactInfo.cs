namespace ArtifactSync.Wire;

/// <summary>What an artifact is, independent of its compression.</summary>
/// <param name="Sha256">Lower-case hex SHA-256 of the decoded bytes.</param>
/// <param name="Size">Decoded bytes.</param>
/// <param name="WireSize">Bytes as stored and transferred.</param>
internal readonly record struct ArtifactIdentity(string Sha256, long Size, long WireSize);

/// <summary>A verified artifact (spec 10.2).</summary>
/// <param name="Identity">Hash and sizes.</param>
/// <param name="IsFuture">Whether its version is above ours: kept and relayed, not imported.</param>
/// <param name="References">What it depends on, in document order; only of manifests.</param>
/// <param name="ImportFault">
/// Of a segment: what import will meet (spec 7.3: canonical form, repeated ordinals, a later version), found in the same
/// pass; no reason to refuse it. Null = importable, or decided at import.
/// </param>
internal sealed record ArtifactInfo(
    ArtifactIdentity Identity,
    bool IsFuture,
    IReadOnlyList<(ArtifactKind Kind, string Sha256)> References,
    Errors.ErrorCode? ImportFault = null);
