using System.Text.Json.Serialization;
using ArtifactSync.Memory;
using ArtifactSync.Transport;

namespace ArtifactSync.Sync;

/// <summary>What the ledger keeps of a request, to do the same again (<c>-RetryFailed</c>). Holds no secret.</summary>
internal sealed record ExchangeRecord(string Target, IReadOnlyList<string> TranscriptPaths, bool Full, bool PreflightOnly)
{
    /// <summary>Part of the address; without it a repetition would go, with its keys, to another store.</summary>
    public string? S3Endpoint { get; init; }
    public double? GraceSeconds { get; init; }
    public bool NoCollect { get; init; }
    public IReadOnlyList<string> MemoryProjects { get; init; } = [];
    public MemoryOrder? MemoryOrder { get; init; }

    public static ExchangeRecord Of(ExchangeRequest request) =>
        new(request.Target, request.TranscriptPaths, request.Full, request.PreflightOnly)
        {
            S3Endpoint = request.Access.S3Endpoint,
            GraceSeconds = request.GracePeriod?.TotalSeconds,
            NoCollect = request.NoCollect,
            MemoryProjects = request.MemoryProjects,
            MemoryOrder = request.MemoryOrder,
        };

    /// <param name="access">Given anew: the ledger has no credential.</param>
    public ExchangeRequest ToRequest(string parentRunId, TargetAccess access) => new()
    {
        Access = access with { S3Endpoint = access.S3Endpoint ?? S3Endpoint },
        Target = Target,
        TranscriptPaths = TranscriptPaths,
        Full = Full,
        PreflightOnly = PreflightOnly,
        GracePeriod = GraceSeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : null,
        NoCollect = NoCollect,
        ParentRunId = parentRunId,
        MemoryProjects = MemoryProjects,
        MemoryOrder = MemoryOrder,
    };
}

[JsonSerializable(typeof(ExchangeRecord))]
internal sealed partial class ExchangeRecordJson : JsonSerializerContext;
