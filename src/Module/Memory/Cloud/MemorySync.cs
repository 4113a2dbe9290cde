using ArtifactSync.Archive;
using ArtifactSync.Sync;

namespace ArtifactSync.Memory.Cloud;

/// <summary>How to synchronise; the defaults are those of memory spec 7.</summary>
internal sealed record MemorySyncSettings
{
    /// <summary>Who wins (8.2); null = as stored with the server, LogOrder at first.</summary>
    public MemoryOrder? Order { get; init; }

    /// <summary>
    /// Push these projects only (normalised); empty = all that are enrolled. What is pulled is all that the token may read.
    /// </summary>
    public IReadOnlyList<string> Projects { get; init; } = [];
    public const int DefaultPageSize = 100;

    public int PageSize { get; init; } = DefaultPageSize;

    /// <summary>Numbers below the cursor that every <see cref="ReReadEvery"/>-th pull asks for again (7.5); 0 = never.</summary>
    public long ReReadWindow { get; init; } = 1000;
    public int ReReadEvery { get; init; } = 10;

    /// <summary>The first pull after a pause of this machine asks for the window, too.</summary>
    public bool IsStart { get; init; }

    /// <summary>Read the whole log, and compare rows that have no number by time.</summary>
    public bool IsFull { get; init; }

    /// <summary>Whether pulls begin before the cursor, to see that it still stands on the same mutation (7.5 step 1).</summary>
    public bool ChecksCursor { get; init; } = true;

    /// <summary>Whether this pull asks for the window below the cursor, too.</summary>
    public bool ReRead(TargetState state) =>
        ReReadWindow > 0 && state.Cursor > 0 && (IsStart || (ReReadEvery > 0 && state.PullCount % ReReadEvery == 0));
}

/// <summary>What the parts of a cycle share.</summary>
internal sealed class MemorySync(
    ArchiveDatabase archive, IMutationApi api, MemorySyncSettings settings, string runId, IRunObserver observer)
{
    public ArchiveDatabase Archive => archive;
    public IMutationApi Api => api;
    public string RunId => runId;
    public MemorySyncSettings Settings => settings;
    public IRunObserver Observer => observer;
    public CycleReport Report { get; } = new();

    /// <summary>Held while a cycle runs.</summary>
    public CycleLease? Lease { get; set; }

    public TargetState State => MemoryTargetTable.Read(archive.Reader);

    public long Now => archive.Clock.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>Before every request: the right to run, and a place to be killed at.</summary>
    public void BeforeRequest(string step, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Lease?.Renew();
        Report.Requests++;
        archive.Options.Checkpoint($"memory:{step}");
    }

    /// <summary>One write transaction under the archive's lease, which is given back at once.</summary>
    public T Write<T>(string step, Func<Database, T> work, CancellationToken cancellationToken)
    {
        using var lease = archive.AcquireLease(runId, archive.Options.LeaseTimeout, cancellationToken);
        T result;
        using (var transaction = lease.Begin())
        {
            result = work(transaction.Db);
            archive.Options.Checkpoint($"memory:{step}");
            transaction.Commit();
        }

        archive.Options.Checkpoint($"memory:{step}:committed");
        return result;
    }

    public void Write(string step, Action<Database> work, CancellationToken cancellationToken) => Write(step, db =>
    {
        work(db);
        return 0;
    }, cancellationToken);

    /// <summary>Rows, versions and journal in one transaction.</summary>
    public T Change<T>(string step, Func<ChangeContext, T> work, CancellationToken cancellationToken) => Write(step, db =>
    {
        using var change = new ChangeContext(db, archive.Clock, archive.Options.Random);
        var result = work(change);
        change.Complete();
        return result;
    }, cancellationToken);
}
