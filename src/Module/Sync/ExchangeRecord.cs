using System.Text.Json.Serialization;

namespace ArtifactSync.Sync;

/// <summary>What the ledger keeps of a request, to do the same again (<c>-RetryFailed</c>). Holds no secret.</summary>
internal sealed record ExchangeRecord(string Target, IReadOnlyList<string> TranscriptPaths, bool Full, bool PreflightOnly)
{
    public static ExchangeRecord Of(ExchangeRequest request) =>
        new(request.Target, request.TranscriptPaths, request.Full, request.PreflightOnly);

    public ExchangeRequest ToRequest(string parentRunId) => new()
    {
        Target = Target,
        TranscriptPaths = TranscriptPaths,
        Full = Full,
        PreflightOnly = PreflightOnly,
        ParentRunId = parentRunId,
    };
}

[JsonSerializable(typeof(ExchangeRecord))]
internal sealed partial class ExchangeRecordJson : JsonSerializerContext;
