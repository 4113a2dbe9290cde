using ArtifactSync.Wire;

namespace ArtifactSync.Archive;

/// <summary>A row of <c>sessions</c>: the session of the wire and what the wire says beside it.</summary>
internal sealed record SessionRow
{
    /// <summary>0 until stored.</summary>
    public long Sid { get; init; }

    /// <summary>Published by this archive. Own rows bear the native id, foreign ones <c>origin~native</c>.</summary>
    public bool Own { get; init; }

    /// <summary>The publishing origin of a foreign row, "" for own rows.</summary>
    public string Origin { get; init; } = "";

    /// <summary><see cref="SessionRecord.DisplayName"/> is the user's title alone.</summary>
    public SessionRecord Session { get; init; } = new();

    /// <summary>The name that the agent gave.</summary>
    public string? SessionName { get; init; }
    public long DataVersion { get; init; }
    public bool HasToolCalls { get; init; }
    public bool HasContextData { get; init; }

    /// <summary>Null unless their version is above 0.</summary>
    public QualitySignals? Signals { get; init; }

    /// <summary>"" = not scanned.</summary>
    public string SecretsRulesVersion { get; init; } = "";
}
