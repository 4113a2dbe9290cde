using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Model;

namespace ArtifactSync.Sync;

/// <summary>
/// One run's rows in the ledger: begun before anything is done, closed on every way out. Entities and counters are gathered
/// from any thread and written by <see cref="Flush"/>; only what changed or failed gets a row.
/// </summary>
internal sealed class RunRecorder : IDisposable
{
    // Four before the silence after which others take a run for dead: a phase may last long without writing.
    private static readonly TimeSpan s_beat = Lease.Silence / 4;

    private readonly ArchiveDatabase _archive;
    private readonly Lock _gate = new();
    private readonly List<SyncRunEntity> _pending = [];
    private readonly RunStart _start;
    private readonly ITimer _timer;
    private ErrorCode? _firstFault;
    private string? _firstFaultMessage;

    private RunRecorder(ArchiveDatabase archive, RunStart start)
    {
        (_archive, _start) = (archive, start);
        Phase = start.Phase;
        _timer = archive.Clock.CreateTimer(static run => ((RunRecorder)run!).Beat(), this, s_beat, s_beat);
    }

    public string RunId => _start.RunId;

    public string Phase { get; private set; }

    public RunCounters Counters { get; } = new();

    /// <summary>Whether anything failed, was rejected or deferred so far.</summary>
    public bool HasFaults => _firstFault is not null;

    /// <summary>Closes runs that died, then begins this one.</summary>
    public static RunRecorder Begin(ArchiveDatabase archive, Func<string, RunStart> describe, IRunObserver observer, CancellationToken cancellationToken)
    {
        var now = archive.Clock.GetUtcNow();
        var start = describe(Archive.RunId.Create(archive.Clock, archive.Options.Random));
        using var transaction = archive.BeginLedger(cancellationToken);
        foreach (var dead in RunReaper.Reap(transaction.Db, ProcessIdentity.Current, now))
        {
            SurgicalRecovery.Settle(transaction.Db, dead, now);
            observer.Verbose($"Run '{dead}' had ended without closing itself; it is aborted now ({ErrorCode.RunCrashed}).");
        }
        RunTable.Insert(transaction.Db, start, ProcessIdentity.Current, now);
        transaction.Commit();
        return new RunRecorder(archive, start);
    }

    /// <summary>
    /// Does the work of one run and closes it on every way out. The run as the ledger has it, whatever became of it; what no
    /// rule foresees and a stop by the user are thrown on.
    /// </summary>
    public static async Task<SyncRun> DoAsync(
        ArchiveDatabase archive, Func<string, RunStart> describe, IRunObserver observer, Func<RunRecorder, CancellationToken, Task> work,
        CancellationToken cancellationToken)
    {
        using var run = Begin(archive, describe, observer, cancellationToken);
        try
        {
            await work(run, cancellationToken);
            return run.Finish();
        }
        catch (OperationCanceledException)
        {
            run.Abandon();
            throw;
        }
        catch (ArtifactSyncException fault)
        {
            return run.Finish(fault);
        }
        catch (Exception fault)
        {
            run.Finish(new ArtifactSyncException(ErrorCode.UnexpectedError, fault.Message, run._start.Target, fault));
            throw;
        }
    }

    /// <summary>Begins the next phase; says "alive".</summary>
    public void Enter(string phase)
    {
        Phase = phase;
        Write();
        _archive.Options.Checkpoint($"phase:{phase}");
    }

    public void Count(Action<RunCounters> add)
    {
        lock (_gate)
        {
            add(Counters);
        }
    }

    public void Done(string entityType, string key, string stage) => Add(entityType, key, stage, EntityStatus.Ok, null, null);

    public void Failed(string entityType, string key, string stage, ArtifactSyncException fault) =>
        Add(entityType, key, stage, EntityStatus.Failed, fault.Code, fault.Message);

    /// <summary>Left at its last state because it is damaged or breaks a rule.</summary>
    public void Rejected(string entityType, string key, string stage, ErrorCode code, string message)
    {
        Count(static counters => counters.Rejected++);
        Add(entityType, key, stage, EntityStatus.Rejected, code, message);
    }

    /// <summary>Left for a later run because something it needs isn't there yet. That alone is no failure.</summary>
    public void Deferred(string entityType, string key, string stage, ErrorCode code, string message)
    {
        Count(static counters => counters.Deferred++);
        Add(entityType, key, stage, EntityStatus.Deferred, code, message);
    }

    public void Quarantined(string entityType, string key, string stage, ErrorCode code, string message)
    {
        Count(static counters => counters.Quarantined++);
        Add(entityType, key, stage, EntityStatus.Quarantined, code, message);
    }

    public void Add(string entityType, string key, string stage, EntityStatus status, ErrorCode? code, string? message) => Add(new SyncRunEntity
    {
        EntityType = entityType,
        Key = key,
        Stage = stage,
        Status = status,
        ErrorCode = code?.ToString(),
        ErrorMessage = message,
        UpdatedAt = _archive.Clock.GetUtcNow(),
    });

    public void Add(SyncRunEntity entity)
    {
        lock (_gate)
        {
            _pending.Add(entity);
            if (entity.Status is EntityStatus.Failed or EntityStatus.Rejected or EntityStatus.Quarantined)
            {
                _firstFault ??= Enum.Parse<ErrorCode>(entity.ErrorCode!);
                _firstFaultMessage ??= entity.ErrorMessage;
            }
        }
    }

    /// <summary>
    /// Closes the run. Without <paramref name="fault"/> it succeeded, or is partial when an entity failed.
    /// </summary>
    /// <param name="with">What the run leaves behind otherwise, in the same transaction.</param>
    public SyncRun Finish(ArtifactSyncException? fault = null, Action<Database>? with = null)
    {
        var status = fault switch
        {
            not null => RunStatus.Failed,
            null => HasFaults ? RunStatus.Partial : RunStatus.Succeeded,
        };
        var code = fault?.Code ?? _firstFault;
        var message = fault?.Message ?? _firstFaultMessage;
        Flush();
        var now = _archive.Clock.GetUtcNow();
        using (var transaction = _archive.BeginLedger())
        {
            with?.Invoke(transaction.Db);
            RunTable.Finish(transaction.Db, RunId, status, fault is null ? "done" : Phase, Counters, code, message, now);
            transaction.Commit();
        }
        return RunReader.Find(_archive.Reader, RunId, _archive.Folder, includeEntities: true)!;
    }

    /// <summary>
    /// Closes a run that the user stopped, within a second: when another process keeps the archive busy, the row is left to
    /// the reaper of the next run.
    /// </summary>
    public void Abandon(Action<Database>? with = null)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(1), _archive.Clock);
        try
        {
            using var transaction = _archive.BeginLedger(limit.Token);
            with?.Invoke(transaction.Db);
            RunTable.Finish(
                transaction.Db, RunId, RunStatus.Aborted, Phase, Counters, ErrorCode.Cancelled,
                "The run was stopped. What was done stays; the next one goes on from there.", _archive.Clock.GetUtcNow());
            transaction.Commit();
        }
        catch (OperationCanceledException)
        {
            // busy: see above
        }
    }

    /// <summary>Leaves a run that nobody finished to the reaper of the next one.</summary>
    public void Dispose() => _timer.DisposeAsync().AsTask().GetAwaiter().GetResult(); // waits for a beat: the archive closes next

    /// <summary>Writes what was gathered. Not inside a transaction: there is one writer.</summary>
    public void Flush()
    {
        lock (_gate)
        {
            if (_pending.Count == 0)
            {
                return;
            }
        }
        Write();
    }

    /// <summary>Entities, phase and counters; says "alive".</summary>
    private void Write()
    {
        List<SyncRunEntity> entities;
        lock (_gate)
        {
            entities = [.. _pending];
            _pending.Clear();
        }
        using var transaction = _archive.BeginLedger();
        foreach (var entity in entities)
        {
            RunTable.UpsertEntity(transaction.Db, RunId, entity);
        }
        RunTable.SetPhase(transaction.Db, RunId, Phase, Counters, _archive.Clock.GetUtcNow());
        transaction.Commit();
    }

    private void Beat()
    {
        try
        {
            using var transaction = _archive.TryBeginLedger(); // when another writes, the next tick will do
            if (transaction is not null)
            {
                RunTable.Heartbeat(transaction.Db, RunId, _archive.Clock.GetUtcNow());
                transaction.Commit();
            }
        }
        catch (Exception e) when (e is ArtifactSyncException or ObjectDisposedException)
        {
            // The next write of the run meets the same where it can be told.
            _timer.Dispose();
        }
    }
}
