using System.Text.Json.Serialization;
using ArtifactSync.Sync;

namespace ArtifactSync.Retention;

/// <summary>What the ledger keeps of a request; no secret.</summary>
internal sealed record CollectRecord(
    IReadOnlyList<string> Targets, IReadOnlyList<string> Origins, double GraceSeconds, double QuarantineGraceSeconds, long? MaxObjects, long? MaxBytes, bool Full)
{
    public static CollectRecord Of(CollectRequest request) => new(
        request.Targets, request.Origins, request.GracePeriod.TotalSeconds, request.QuarantineGracePeriod.TotalSeconds, request.MaxObjects,
        request.MaxBytes, request.Full);
}

[JsonSerializable(typeof(CollectRecord))]
internal sealed partial class RetentionJson : JsonSerializerContext;
