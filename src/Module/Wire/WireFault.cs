using ArtifactSync.Errors;

namespace ArtifactSync.Wire;

/// <summary>Faults of documents, said about the artifact they are in.</summary>
internal static class WireFault
{
    public static ArtifactSyncException Invalid(ArtifactRef artifact, string what) =>
        new(ErrorCode.DocumentInvalid, $"{artifact} is invalid: {what}. It is left out.", artifact);

    public static ArtifactSyncException NotCanonical(ArtifactRef artifact) => new(
        ErrorCode.DocumentNotCanonical,
        $"{artifact} is not in canonical form: encoding its content again gives other bytes. It is left out.",
        artifact);

    public static void Require(bool condition, ArtifactRef artifact, string what)
    {
        if (!condition)
        {
            throw Invalid(artifact, what);
        }
    }

    /// <summary>Says which artifact a fault without target is about.</summary>
    public static ArtifactSyncException About(ArtifactRef artifact, ArtifactSyncException fault) =>
        fault.Target is not null
            ? fault
            : new ArtifactSyncException(fault.Code, $"{artifact}: {fault.Message}", artifact, fault.InnerException);
}
