using ArtifactSync.Errors;

namespace ArtifactSync.Archive;

/// <summary>The one connection of an open archive that writes; a transaction at a time.</summary>
internal sealed class Writer(Database connection, ArchiveDatabase archive) : IDisposable
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(250);
    private readonly SemaphoreSlim _gate = new(1, 1);
    private bool _isDurable;

    public Database Connection { get; } = connection;

    public TimeProvider Clock => archive.Clock;

    public string Folder => archive.Folder;

    /// <summary>Begins at once, whatever it costs in waiting up to <see cref="Sync.EngineOptions.LeaseTimeout"/>.</summary>
    public WriteTransaction Begin(Lease? lease, bool durable, CancellationToken cancellationToken)
    {
        var started = Clock.GetTimestamp();
        if (!_gate.Wait(archive.Options.LeaseTimeout, cancellationToken))
        {
            throw Busy();
        }

        try
        {
            SetDurability(durable);
            for (var pause = FirstPause; ; pause = Next(pause))
            {
                if (TryBeginImmediate())
                {
                    break;
                }

                if (Clock.GetElapsedTime(started) > archive.Options.LeaseTimeout)
                {
                    throw Busy();
                }

                Pause(pause, cancellationToken);
            }

            return new WriteTransaction(this, lease);
        }
        catch
        {
            _gate.Release();
            throw;
        }
    }

    /// <summary>Begins when nothing else writes in this process or another; null otherwise.</summary>
    public WriteTransaction? TryBegin(Lease? lease)
    {
        if (!_gate.Wait(0))
        {
            return null;
        }

        try
        {
            SetDurability(false);
            if (TryBeginImmediate())
            {
                return new WriteTransaction(this, lease);
            }
        }
        catch
        {
            _gate.Release();
            throw;
        }

        _gate.Release();
        return null;
    }

    public void Pause(TimeSpan time, CancellationToken cancellationToken) =>
        Task.Delay(time, Clock, cancellationToken).GetAwaiter().GetResult();

    public static TimeSpan Next(TimeSpan pause) => pause * 2 < LongestPause ? pause * 2 : LongestPause;

    public void End() => _gate.Release();

    public void Dispose()
    {
        Connection.Dispose();
        _gate.Dispose();
    }

    private bool TryBeginImmediate()
    {
        // The wait is ours, so that it can be cancelled; the time-out of SQLite stays for everything else.
        Connection.SetBusyTimeout(0);
        try
        {
            Connection.Execute("BEGIN IMMEDIATE");
            return true;
        }
        catch (ArtifactSyncException e) when (e.Code == ErrorCode.ArchiveBusy)
        {
            return false;
        }
        finally
        {
            Connection.SetBusyTimeout(Database.BusyTimeout);
        }
    }

    // synchronous cannot change inside a transaction. FULL makes this commit, and with it every earlier one, durable.
    private void SetDurability(bool durable)
    {
        if (durable != _isDurable)
        {
            Connection.ExecuteScript(durable ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
            _isDurable = durable;
        }
    }

    private ArtifactSyncException Busy() => new(
        ErrorCode.ArchiveBusy, $"The archive '{Folder}' is busy with another writer. Try again later.", Folder);
}
