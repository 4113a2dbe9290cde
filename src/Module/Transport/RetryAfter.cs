using ArtifactSync.Errors;

namespace ArtifactSync.Transport;

/// <summary>The pause that a far side asked for, carried by the fault that told of it.</summary>
internal static class RetryAfter
{
    private const string Key = "ArtifactSync.RetryAfter";

    public static ArtifactSyncException With(this ArtifactSyncException fault, TimeSpan? pause)
    {
        if (pause is { } asked && asked >= TimeSpan.Zero)
        {
            fault.Data[Key] = asked;
        }

        return fault;
    }

    /// <summary>Null = nothing was asked for.</summary>
    public static TimeSpan? Of(Exception? fault) => fault?.Data[Key] as TimeSpan?;
}
