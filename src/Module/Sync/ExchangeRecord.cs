using System.Text.Json.Serialization;
using ArtifactSync.Transport;

namespace ArtifactSync.Sync;

/// <summary>What the ledger keeps of a request, to do the same again (<c>-RetryFailed</c>). Holds no secret.</summary>
/// <param name="S3Endpoint">Part of the address; without it a repetition would go, with its keys, to another store.</param>
internal sealed record ExchangeRecord(string Target, IReadOnlyList<string> TranscriptPaths, bool Full, bool PreflightOnly, string? S3Endpoint = null)
{
    public static ExchangeRecord Of(ExchangeRequest request) =>
        new(request.Target, request.TranscriptPaths, request.Full, request.PreflightOnly, request.Access.S3Endpoint);

    /// <param name="access">Given anew: the ledger has no credential.</param>
    public ExchangeRequest ToRequest(string parentRunId, TargetAccess access) => new()
    {
        Access = access with { S3Endpoint = access.S3Endpoint ?? S3Endpoint },
        Target = Target,
        TranscriptPaths = TranscriptPaths,
        Full = Full,
        PreflightOnly = PreflightOnly,
        ParentRunId = parentRunId,
    };
}

[JsonSerializable(typeof(ExchangeRecord))]
internal sealed partial class ExchangeRecordJson : JsonSerializerContext;
