namespace ArtifactSync.Errors;

/// <summary>
/// The one exception of the engine. <see cref="Exception.Message"/> says what failed, on what, and what to do; it never
/// holds a secret.
/// </summary>
public sealed class ArtifactSyncException : Exception
{
    public ArtifactSyncException(ErrorCode code, string message, object? target = null, Exception? inner = null)
        : base(message, inner) => (Code, Target) = (code, target);

    public ErrorCode Code { get; }

    /// <summary>What the user named (a path, a target, an id), for the error record.</summary>
    public object? Target { get; }
}
