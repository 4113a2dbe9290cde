using System.Collections.Concurrent;
using System.Management.Automation.Runspaces;
using ArtifactSync.Model;

namespace ArtifactSync.Cmdlets.Peers;

/// <summary>
/// The listeners of this process, by number. Each belongs to the runspace that started it and ends with it, or when the
/// module is removed there. Names no type of the web server, so that looking here does not load it.
/// </summary>
internal static class PeerListeners
{
    private static readonly ConcurrentDictionary<int, Entry> s_entries = new();

    /// <summary>Those that listen, in the order in which they were started.</summary>
    public static IEnumerable<SyncPeerListener> All => s_entries.Values.Select(entry => entry.Info)
        .Where(info => info.Status == SyncPeerListenerStatus.Listening).OrderBy(info => info.ListenerId);

    /// <param name="info">What users see.</param>
    /// <param name="runspace">Whose it is.</param>
    /// <param name="stop">Any number of calls; done when everything is closed.</param>
    public static void Add(SyncPeerListener info, Runspace? runspace, Func<Task> stop)
    {
        s_entries[info.ListenerId] = new Entry(info, runspace?.InstanceId ?? Guid.Empty, stop);
        if (runspace is not null)
        {
            runspace.StateChanged += (_, change) =>
            {
                if (change.RunspaceStateInfo.State is RunspaceState.Closed or RunspaceState.Closing or RunspaceState.Broken)
                {
                    _ = StopAsync(info.ListenerId);
                }
            };
        }
    }

    /// <summary>False: there is no listener of this number.</summary>
    public static async Task<bool> StopAsync(int id)
    {
        if (!s_entries.TryGetValue(id, out var entry))
        {
            return false;
        }
        await entry.Stop();
        s_entries.TryRemove(id, out _);
        return true;
    }

    /// <summary>The module leaves this runspace.</summary>
    public static void StopAll(Guid runspace) =>
        Task.WaitAll([.. s_entries.Values.Where(entry => entry.Runspace == runspace).Select(entry => StopAsync(entry.Info.ListenerId))]);

    private sealed record Entry(SyncPeerListener Info, Guid Runspace, Func<Task> Stop);
}
