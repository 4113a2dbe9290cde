using System.Globalization;
using ArtifactSync.Archive;
using ArtifactSync.Errors;

namespace ArtifactSync.Memory.Cloud;

/// <summary>
/// The right to run cycles on this archive (memory spec 7.1): 60 s, renewed before every request, so that two processes
/// never push the same rows. A holder whose process is dead loses it at once.
/// </summary>
internal sealed class CycleLease : IDisposable
{
    public static readonly TimeSpan Span = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(100);

    private readonly ArchiveDatabase _archive;
    private readonly string _owner;

    private CycleLease(ArchiveDatabase archive, string owner) => (_archive, _owner) = (archive, owner);

    /// <summary>Waits up to <paramref name="timeout"/>.</summary>
    /// <exception cref="ArtifactSyncException">SyncInProgress.</exception>
    public static async Task<CycleLease> AcquireAsync(
        ArchiveDatabase archive, string runId, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var lease = new CycleLease(archive, OwnerText(runId));
        var started = archive.Clock.GetTimestamp();
        while (!lease.TryTake(takeOver: true))
        {
            if (archive.Clock.GetElapsedTime(started) >= timeout)
            {
                throw InProgress(archive);
            }

            await Task.Delay(s_pause, archive.Clock, cancellationToken);
        }

        return lease;
    }

    /// <exception cref="ArtifactSyncException">SyncInProgress: it was lost meanwhile.</exception>
    public void Renew()
    {
        if (!TryTake(takeOver: false))
        {
            throw InProgress(_archive);
        }
    }

    public void Dispose()
    {
        using var transaction = _archive.BeginLedger();
        MemoryTargetTable.ReleaseLease(transaction.Db, _owner);
        transaction.Commit();
    }

    private bool TryTake(bool takeOver)
    {
        using var transaction = _archive.BeginLedger();
        var now = _archive.Clock.GetUtcNow().ToUnixTimeMilliseconds();
        if (takeOver && MemoryTargetTable.Read(transaction.Db).LeaseOwner is { } other && IsDead(other))
        {
            MemoryTargetTable.ReleaseLease(transaction.Db, other);
        }

        var taken = MemoryTargetTable.TryLease(transaction.Db, _owner, now + (long)Span.TotalMilliseconds, now);
        transaction.Commit();
        return taken;
    }

    private static string OwnerText(string runId)
    {
        var self = ProcessIdentity.Current;
        return string.Create(CultureInfo.InvariantCulture, $"{self.Host}|{self.ProcessId}|{self.StartedAt}|{runId}");
    }

    private static bool IsDead(string owner) =>
        owner.Split('|') is [var host, var process, var started, _]
        && int.TryParse(process, CultureInfo.InvariantCulture, out var id)
            && long.TryParse(started, CultureInfo.InvariantCulture, out var at)
        && new ProcessIdentity(host, id, at).IsDead(ProcessIdentity.Current);

    private static ArtifactSyncException InProgress(ArchiveDatabase archive)
    {
        var owner = MemoryTargetTable.Read(archive.Reader).LeaseOwner?.Split('|');
        var who = owner is [var host, var process, ..] ? $" (host {host}, process {process})" : "";
        return new ArtifactSyncException(
            ErrorCode.SyncInProgress, $"Another process{who} synchronises the memory of '{archive.Folder}'. Wait for it, then repeat.",
                archive.Folder);
    }
}
