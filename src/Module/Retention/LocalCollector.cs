using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Model;
using ArtifactSync.Store;
using ArtifactSync.Sync;
using ArtifactSync.Wire;

namespace ArtifactSync.Retention;

/// <summary>
/// Removes what is stale from the local store, page by page under the lease. A page leaves the catalog, together with a
/// line in the journal, before its files leave the disk: whatever dies in between, the next collection finishes it, and
/// nothing that the catalog names is ever missing. An exchange that meets a file while it goes writes its own copy again
/// (<see cref="StoreBatch.Catalog"/>), since it enters the catalog under the same lease.
/// </summary>
internal sealed class LocalCollector(CollectContext context)
{
    /// <summary>Rows of one page lie all over the catalog: fewer, larger transactions write much less.</summary>
    private const int PageSize = 8_192;
    private const int Attempts = 5;

    private long? _journal;

    /// <summary>Collects one origin; returns what the next automatic collection has to know.</summary>
    public async Task<CollectionMark> CollectAsync(string origin, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            var marks = new LocalMarker(context, cancellationToken).Mark(origin);
            if (marks.Fault is { } fault)
            {
                context.Skip(origin, "", fault);
                // What is damaged may be repaired, without a new checkpoint.
                return Mark(marks, null, complete: true) with { DueAtMs = (context.Now + TimeSpan.FromDays(1)).ToUnixTimeMilliseconds() };
            }
            var planner = new LocalPlanner(context, marks, cancellationToken);
            NoteTouched(marks, cancellationToken);
            if (await SweepAsync(planner, marks, cancellationToken))
            {
                return Mark(marks, planner.NextDue, complete: !context.Budget.IsExhausted);
            }
            if (attempt == Attempts)
            {
                context.Observer.Verbose($"Other commands keep changing the origin '{origin}'; the rest of it is left for the next collection.");
                return Mark(marks, null, complete: false);
            }
        }
    }

    /// <summary>Finishes what a collection before this one was killed over.</summary>
    public void Recover(CancellationToken cancellationToken)
    {
        if (!RetentionTable.HasJournal(context.Archive.Reader))
        {
            return;
        }
        using var lease = context.AcquireLease(cancellationToken);
        using var transaction = lease.Begin();
        foreach (var entry in RetentionTable.Journal(transaction.Db))
        {
            if (Finish(transaction.Db, entry))
            {
                RetentionTable.RemoveJournal(transaction.Db, entry.Jid);
            }
        }
        transaction.Commit();
    }

    private bool Finish(Database db, SweepEntry entry)
    {
        var done = true;
        foreach (var (name, mtimeNs) in entry.Files)
        {
            var artifact = ArtifactName.Parse(entry.Origin, entry.Kind, name);
            try
            {
                // One that came again has a row, or another time.
                if (!CatalogTable.Contains(db, artifact) && LocalFiles.Stat(context.Store.PathOf(artifact)) is { Type: EntryType.File } stat
                    && stat.Modified == mtimeNs)
                {
                    context.Store.DeleteFile(artifact);
                }
            }
            catch (ArtifactSyncException fault) when (!Faults.EndsRun(fault.Code))
            {
                done = false; // said when it was tried first; the next collection tries again
            }
        }
        return done;
    }

    /// <summary>The journal of the last page has done its duty.</summary>
    public void Complete(CancellationToken cancellationToken)
    {
        if (_journal is not { } jid)
        {
            return;
        }
        using var lease = context.AcquireLease(cancellationToken);
        using var transaction = lease.Begin();
        RetentionTable.RemoveJournal(transaction.Db, jid);
        transaction.Commit();
        _journal = null;
    }

    /// <summary>False: something came that the marks don't know; they are to be set again.</summary>
    private async Task<bool> SweepAsync(LocalPlanner planner, OriginMarks marks, CancellationToken cancellationToken)
    {
        foreach (var page in planner.Pages(PageSize))
        {
            var within = page.FindAll(candidate => context.Budget.Take(candidate.Stale.Size));
            context.Counters.Eligible += within.Count;
            if (Remove(marks, within, cancellationToken) is not { } removed)
            {
                return false;
            }
            foreach (var (stale, error) in removed)
            {
                await (error is null ? context.Emit(stale) : context.FailAsync(stale, error));
            }
            if (within.Count < page.Count)
            {
                return true;
            }
        }
        return true;
    }

    /// <summary>Null: the marks are out of date and nothing was removed.</summary>
    private List<(StaleArtifact Stale, ArtifactSyncException? Error)>? Remove(
        OriginMarks marks, List<Candidate> page, CancellationToken cancellationToken)
    {
        if (context.WhatIf || page.Count == 0)
        {
            return page.ConvertAll(static candidate => (candidate.Stale, (ArtifactSyncException?)null));
        }
        using var lease = context.AcquireLease(cancellationToken);
        List<Candidate> gone;
        using (var transaction = lease.Begin())
        {
            var db = transaction.Db;
            if (LocalMarker.Stamp(db, marks.Origin, context.OwnOrigin) != (marks.Checkpoint!.Aid, marks.Revision))
            {
                return null;
            }
            gone = page.FindAll(candidate => RetentionTable.Remove(db, marks.Origin, candidate.Row));
            var kind = page[0].Row.Kind;
            if (_journal is { } last)
            {
                RetentionTable.RemoveJournal(db, last);
            }
            _journal = RetentionTable.AddJournal(db, marks.Origin, kind, gone.Where(c => c.FileNs is not null).Select(c => (c.Row.Name, c.FileNs!.Value)));
            TargetTable.ForgetListing(db, marks.Origin, kind);
            RetentionTable.CountCollection(db);
            context.Archive.Options.Checkpoint("collect:rows");
            transaction.Commit();
        }
        context.Archive.Options.Checkpoint("collect:committed");
        return DeleteFiles(marks.Origin, gone, cancellationToken);
    }

    private List<(StaleArtifact Stale, ArtifactSyncException? Error)> DeleteFiles(string origin, List<Candidate> gone, CancellationToken cancellationToken)
    {
        var removed = new List<(StaleArtifact, ArtifactSyncException?)>(gone.Count);
        foreach (var candidate in gone)
        {
            cancellationToken.ThrowIfCancellationRequested(); // the journal has the rest
            removed.Add((candidate.Stale, candidate.FileNs is null ? null : DeleteFile(ArtifactName.Parse(origin, candidate.Row.Kind, candidate.Row.Name))));
            if (removed.Count == (gone.Count + 1) / 2)
            {
                context.Archive.Options.Checkpoint("collect:half");
            }
        }
        var done = removed.FindAll(static item => item.Item2 is null);
        context.Counters.Collected += done.Count;
        context.Counters.BytesCollected += done.Sum(static item => item.Item1.Size);
        context.Observer.Progress(new ProgressSnapshot("Collecting", origin, context.Counters.Collected, 0, context.Counters.BytesCollected));
        context.Archive.Options.Checkpoint("collect:deleted");
        return removed;
    }

    private ArtifactSyncException? DeleteFile(ArtifactRef artifact)
    {
        try
        {
            context.Store.DeleteFile(artifact);
            return null;
        }
        catch (ArtifactSyncException fault) when (!Faults.EndsRun(fault.Code))
        {
            _journal = null; // it stays, for the next collection
            return fault;
        }
    }

    private void NoteTouched(OriginMarks marks, CancellationToken cancellationToken)
    {
        if (marks.Touched.Count == 0 || context.WhatIf)
        {
            return;
        }
        using var lease = context.AcquireLease(cancellationToken);
        using var transaction = lease.Begin();
        foreach (var (aid, mtimeNs) in marks.Touched)
        {
            RetentionTable.SetModified(transaction.Db, aid, mtimeNs);
        }
        transaction.Commit();
    }

    private CollectionMark Mark(OriginMarks marks, (DateTimeOffset Due, string Path, long MtimeNs)? next, bool complete) => new(
        "", marks.Origin, (long)context.Grace.TotalMilliseconds, marks.Checkpoint?.Aid ?? 0,
        complete ? next?.Due.ToUnixTimeMilliseconds() : 0, next?.Path, next?.MtimeNs ?? 0);
}
