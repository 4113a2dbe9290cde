using ArtifactSync.Archive;
using ArtifactSync.Errors;

namespace ArtifactSync.Tracker;

/// <summary>What an item of this run became in the archive.</summary>
/// <param name="DirtyId">Its row of <c>dirty_sources</c>, which this run drains.</param>
internal sealed record IngestedItem(FetchedItem Fetched, long ProjectId, long EntityId, long DirtyId, bool EntityChanged)
{
    public string EntityType => Fetched.Item.EntityType;
}

/// <summary>How the jobs of an item ended.</summary>
internal readonly record struct DependentsOutcome(int Done, bool IsStale, ListOutcome Lists);

/// <summary>
/// Phase 3: applies the prefetched threads and events of one item, a transaction a job. Whoever fetched later wins; absences
/// count as deletions only in the eyes of the user whose complete view the rows came from (surgical spec 8).
/// </summary>
internal sealed class Dependents(BundleStore bundle, string runId, long? user, TimeProvider clock, Action<string> step)
{
    private long Now => clock.GetUtcNow().ToUnixTimeMilliseconds();

    public DependentsOutcome Apply(Lease lease, IngestedItem item, Action<Database> withLast, CancellationToken cancellationToken)
    {
        var jobs = Claim(lease, item);
        step("dependents:claimed");
        var outcome = default(DependentsOutcome);
        foreach (var (id, job) in jobs)
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                outcome = ApplyJob(lease, item, id, job, outcome, isLast: outcome.Done == jobs.Count - 1, withLast);
            }
            catch (Exception e) when (e is GitLabFault || (e is ArtifactSyncException known && !ArtifactSync.Sync.Faults.EndsRun(known.Code)))
            {
                using var transaction = lease.Begin();
                DependentQueue.Failed(transaction.Db, id, e.Message, Now);
                transaction.Commit();
                throw new GitLabFault(
                    ErrorCode.DependentFailed, $"The {job.Replace('_', ' ')} of {item.Fetched.Item} could not be stored: {e.Message}", inner: e);
            }
            step("dependents:job");
        }
        return outcome;
    }

    private IReadOnlyList<(long Id, string Job)> Claim(Lease lease, IngestedItem item)
    {
        using var transaction = lease.Begin();
        var jobs = DependentQueue.Claim(transaction.Db, runId, item.EntityType, item.EntityId, Now);
        transaction.Commit();
        return jobs;
    }

    private DependentsOutcome ApplyJob(
        Lease lease, IngestedItem item, long id, string job, DependentsOutcome before, bool isLast, Action<Database> withLast)
    {
        var fetchedAt = item.Fetched.FetchedAt.ToUnixTimeMilliseconds();
        using var transaction = lease.Begin();
        var db = transaction.Db;
        var (known, owner) = EntityTable.Children(db, item.EntityType, item.EntityId);
        var outcome = before with { Done = before.Done + 1 };
        if (known > fetchedAt)
        {
            outcome = outcome with { IsStale = true }; // somebody stored a later view meanwhile
        }
        else
        {
            var mark = user is not null && (owner is null || owner == user);
            outcome = outcome with { Lists = outcome.Lists + ApplyList(db, item, job, mark) };
        }
        if (isLast)
        {
            if (!outcome.IsStale)
            {
                // Another user takes over once he sees everything that is there.
                var next = owner is null || outcome.Lists.Missing == 0 ? user ?? owner : owner;
                EntityTable.SetChildren(db, item.EntityType, item.EntityId, fetchedAt, next);
            }
            withLast(db);
        }
        DependentQueue.Done(db, id, Now);
        transaction.Commit();
        return outcome;
    }

    private ListOutcome ApplyList(Database db, IngestedItem item, string job, bool mark)
    {
        var children = item.Fetched.Children;
        return job switch
        {
            DependentQueue.Discussions => ApplyThreads(db, item, children.Discussions, mark),
            DependentQueue.LabelEvents => ApplyEvents(db, item, EventTable.Label, children.LabelEvents, mark),
            DependentQueue.StateEvents => ApplyEvents(db, item, EventTable.State, children.StateEvents, mark),
            _ => ApplyEvents(db, item, EventTable.Milestone, children.MilestoneEvents, mark),
        };
    }

    private ListOutcome ApplyThreads(Database db, IngestedItem item, FetchedList list, bool mark)
    {
        var (threads, notes, changed) = (new HashSet<string>(StringComparer.Ordinal), new HashSet<long>(), 0L);
        using var writer = new ThreadWriter(db, item.ProjectId, item.EntityType, item.EntityId);
        foreach (var page in list.Pages)
        {
            foreach (var thread in GitLabText.Parse(bundle.Read(page), GitLabJson.Default.ListGitLabDiscussion, "discussions"))
            {
                // Pages shift while they are read: an element may come twice.
                if (thread?.Id is not { Length: > 0 } gitlabId || !threads.Add(gitlabId))
                {
                    continue;
                }
                var (id, isNew) = writer.PutDiscussion(gitlabId, thread.IndividualNote ?? false, threads.Count);
                changed += isNew ? 1 : 0;
                foreach (var note in thread.Notes ?? [])
                {
                    if (note?.Id is { } noteId && notes.Add(noteId))
                    {
                        changed += writer.PutNote(id, notes.Count, note) ? 1 : 0;
                    }
                }
            }
        }
        return new ListOutcome(changed, 0) + ThreadTable.Missing(db, item.EntityType, item.EntityId, threads, notes, mark, Now);
    }

    private ListOutcome ApplyEvents(Database db, IngestedItem item, string kind, FetchedList list, bool mark)
    {
        var (seen, changed) = (new HashSet<long>(), 0L);
        foreach (var page in list.Pages)
        {
            foreach (var entry in GitLabText.Parse(bundle.Read(page), GitLabJson.Default.ListGitLabEvent, "events"))
            {
                if (entry?.Id is { } id && seen.Add(id))
                {
                    changed += EventTable.Put(db, item.ProjectId, item.EntityType, item.EntityId, kind, entry) ? 1 : 0;
                }
            }
        }
        return new ListOutcome(changed, 0) + EventTable.Missing(db, item.EntityType, item.EntityId, kind, seen, mark, Now);
    }
}
