using ArtifactSync.Cmdlets.Pipeline;
using ArtifactSync.Errors;

namespace ArtifactSync.Cmdlets;

/// <summary>Base of the cmdlets that change single memories or projects: asks, acts, and goes on after an item that failed.</summary>
public abstract class MemoryCmdlet : ArchiveCmdlet
{
    /// <summary>Does one thing after asking; what it returns is emitted unless it is null.</summary>
    private protected void Act(string target, string action, Func<object?> work) => Run(async (sink, _) =>
    {
        if (await sink.ShouldProcessAsync(target, action) != Decision.Act)
            return;
        try
        {
            if (work() is { } result)
                await sink.WriteObjectAsync(result);
        }
        catch (ArtifactSyncException e)
        {
            await sink.WriteErrorAsync(ErrorMapping.ToRecord(e));
        }
    });
}
