using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Model;

namespace ArtifactSync.Sync;

/// <summary>
/// What is repeated of a surgical run (surgical spec 7): every item without terminal success, in the order asked for, except
/// those whose failure can't pass by itself.
/// </summary>
internal static class SurgicalRetry
{
    /// <summary>What is said of those.</summary>
    public const string LeftOut = "Not repeated: this can't pass by itself.";

    public static SurgicalRequest ToRequest(Database db, RunRequest run, RetryRequest retry)
    {
        var record = SurgicalRecord.Read(run.RequestedJson);
        List<TrackedItem> items = [];
        List<(TrackedItem, ErrorCode)> leftOut = [];
        foreach (var (entityType, iid, text) in SurgicalItems.Open(db, run.RunId))
        {
            var item = new TrackedItem(entityType, iid);
            if (Enum.TryParse<ErrorCode>(text, out var code) && !ErrorCatalog.IsRetryable(code) && !retry.IncludePermanent)
            {
                leftOut.Add((item, code));
            }
            else
            {
                items.Add(item);
            }
        }
        return new SurgicalRequest
        {
            GitLabUri = run.InstanceUrl!,
            Project = run.Project!,
            Items = items,
            LeftOut = leftOut,
            Token = retry.Access.Token,
            PreflightOnly = record.PreflightOnly,
            NoDocs = record.NoDocs,
            NoEmbed = record.NoEmbed,
            Embed = record.Embed,
            MaxEntities = record.MaxEntities,
            Parallel = retry.Parallel ?? SurgicalRequest.DefaultParallel,
            ParentRunId = run.RunId,
        };
    }
}
