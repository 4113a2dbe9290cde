using ArtifactSync.Errors;

namespace ArtifactSync.Archive;

/// <summary>
/// The fenced, heart-beaten right to write content (surgical spec 8). A holder that is silent for two minutes, or whose
/// process is dead, loses it to the next one; its next transaction then fails with LeaseLost and changes nothing.
/// </summary>
internal sealed class Lease : IDisposable
{
    public const string LockName = "sync";
    public static readonly TimeSpan BeatInterval = TimeSpan.FromSeconds(10);
    public static readonly TimeSpan Silence = TimeSpan.FromSeconds(120);
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(5);

    private readonly Writer _writer;
    private readonly long _fence;
    private readonly ITimer _timer;
    private volatile bool _released;

    private Lease(Writer writer, string runId, long fence)
    {
        (_writer, RunId, _fence) = (writer, runId, fence);
        _timer = writer.Clock.CreateTimer(static lease => ((Lease)lease!).OnTimer(), this, BeatInterval, BeatInterval);
    }

    public string RunId { get; }

    /// <summary>Begins a transaction and checks the fence in it.</summary>
    /// <param name="durable">This commit and all before it survive a loss of power (synchronous FULL).</param>
    /// <exception cref="ArtifactSyncException">LeaseLost; ArchiveBusy.</exception>
    public WriteTransaction Begin(bool durable = false)
    {
        ObjectDisposedException.ThrowIf(_released, this);
        var transaction = _writer.Begin(this, durable, CancellationToken.None);
        try
        {
            Beat(transaction.Db);
            return transaction;
        }
        catch
        {
            transaction.Dispose();
            throw;
        }
    }

    /// <summary>Gives the lease back. After a loss it is not ours to give.</summary>
    public void Dispose()
    {
        if (_released)
        {
            return;
        }

        _released = true;
        _timer.Dispose();
        using var transaction = _writer.Begin(null, durable: false, CancellationToken.None);
        transaction.Db.Execute("UPDATE app_locks SET released = 1 WHERE name = ? AND fence = ?", LockName, _fence);
        transaction.Commit();
    }

    /// <summary>Says "alive" inside a transaction, which proves at the same time that the fence still stands.</summary>
    internal void Beat(Database db)
    {
        if (db.Execute(
            "UPDATE app_locks SET heartbeat_at = ? WHERE name = ? AND fence = ? AND released = 0", Now(_writer), LockName, _fence) == 0)
        {
            throw new ArtifactSyncException(
                ErrorCode.LeaseLost,
                $"Run {RunId} lost the right to write to '{_writer.Folder}': it was silent too long and another run took over. " +
                "Nothing of this step was written; repeat the run.",
                _writer.Folder);
        }
    }

    internal static Lease Acquire(
        Writer writer, string runId, ProcessIdentity self, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var started = writer.Clock.GetTimestamp();
        LeaseHolder? holder = null;
        for (var pause = FirstPause; ; pause = Writer.Next(pause))
        {
            cancellationToken.ThrowIfCancellationRequested();
            var (fence, found) = TryTake(writer, runId, self);
            holder = found ?? holder;
            if (fence is { } taken)
            {
                return new Lease(writer, runId, taken);
            }

            if (writer.Clock.GetElapsedTime(started) >= timeout)
            {
                throw Held(writer, holder, timeout);
            }

            writer.Pause(pause, cancellationToken);
        }
    }

    private static (long? Fence, LeaseHolder? Holder) TryTake(Writer writer, string runId, ProcessIdentity self)
    {
        using var transaction = writer.TryBegin(null);
        if (transaction is null)
        {
            return (null, null); // somebody writes just now
        }

        var db = transaction.Db;
        var now = Now(writer);
        var holder = LeaseHolder.Find(db);
        if (holder is not null && holder.IsAlive(self, now))
        {
            return (null, holder);
        }

        var fence = db.Scalar<long>(
            """
            INSERT INTO app_locks(name, run_id, fence, pid, process_started_at, host, acquired_at, heartbeat_at, released)
            VALUES (?1, ?2, 1, ?3, ?4, ?5, ?6, ?6, 0)
            ON CONFLICT(name) DO UPDATE SET run_id = ?2, fence = fence + 1, pid = ?3, process_started_at = ?4, host = ?5,
              acquired_at = ?6, heartbeat_at = ?6, released = 0
            RETURNING fence
            """,
            LockName, runId, self.ProcessId, self.StartedAt, self.Host, now);
        transaction.Commit();
        return (fence, null);
    }

    private static ArtifactSyncException Held(Writer writer, LeaseHolder? holder, TimeSpan timeout) => new(
        ErrorCode.LeaseHeld,
        $"The archive '{writer.Folder}' is in use by " +
        (holder is null ? "another writer" : $"run {holder.RunId} (host {holder.Owner.Host}, process {holder.Owner.ProcessId})") +
        $"; waited {timeout.TotalSeconds:0.#} s for the lease. Wait for that run to end or give a longer -LockTimeout.",
        holder?.RunId);

    private static long Now(Writer writer) => writer.Clock.GetUtcNow().ToUnixTimeMilliseconds();

    private void OnTimer()
    {
        try
        {
            // While a transaction of ours is open nobody can steal, and its commit beats. When another process writes, the
            // next tick will do: there are twelve before anybody gives us up.
            using var transaction = _released ? null : _writer.TryBegin(null);
            if (transaction is not null && !_released)
            {
                Beat(transaction.Db);
                transaction.Commit();
            }
        }
        catch (Exception e) when (e is ArtifactSyncException or ObjectDisposedException)
        {
            // Lost or unwritable: the next transaction of the holder meets the same and says so where it can be told.
            _timer.Dispose();
        }
    }
}

/// <summary>Who holds a lease or runs a run: a row of app_locks that has not been released, or one of sync_runs.</summary>
internal sealed record LeaseHolder(string RunId, ProcessIdentity Owner, long HeartbeatAt)
{
    public static LeaseHolder? Find(Database db) => db.First(
        "SELECT run_id, host, pid, process_started_at, heartbeat_at FROM app_locks WHERE name = ? AND released = 0",
        Read,
        Lease.LockName);

    /// <summary>From columns run, host, process, its start, heartbeat.</summary>
    public static LeaseHolder Read(Statement row) => new(
        row.Text(0), new ProcessIdentity(row.Text(1), (int)row.Int64(2), row.Int64(3)), row.Int64(4));

    public bool IsAlive(ProcessIdentity observer, long now) =>
        now - HeartbeatAt <= (long)Lease.Silence.TotalMilliseconds && !Owner.IsDead(observer);
}
