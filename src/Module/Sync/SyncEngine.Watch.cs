using System.Runtime.CompilerServices;
using ArtifactSync.Model;

namespace ArtifactSync.Sync;

/// <summary>Keeping in step until stopped.</summary>
public sealed partial class SyncEngine
{
    /// <summary>
    /// Exchanges at once, then after changes of this machine (transcripts of the request, writes to the archive) and at least
    /// every interval, until cancelled. One run an exchange that did something; the first one always. A failed run is given
    /// and tried again after a pause. <see cref="ExchangeRequest.Initialize"/> holds until an exchange succeeded.
    /// </summary>
    /// <exception cref="Errors.ArtifactSyncException">A failure that repeating can't cure, after its run was given.</exception>
    public async IAsyncEnumerable<SyncRun> WatchAsync(
        ExchangeRequest request, WatchSchedule schedule, IRunObserver observer, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(schedule);
        using var watched = new WatchedArchive(this, options, request, observer);
        await foreach (var run in new ExchangeWatch(watched, schedule, options.Clock, options.Random).RunAsync(cancellationToken))
        {
            yield return run;
        }
    }
}
