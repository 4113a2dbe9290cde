using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Sync;

namespace ArtifactSync.Memory.Cloud;

/// <summary>
/// Consumes a page of a log: each mutation is applied, recognised as stale or put away, and the cursor moves in the same
/// transaction (invariant C of memory spec 7.4). A page is one transaction; when it fails, one mutation is.
/// </summary>
internal sealed class PageApply(MemorySync sync, PullPass pass)
{
    private readonly HashSet<string> _known = new(StringComparer.Ordinal);

    /// <summary>False when a number of ours stands for something else: the log is another one (7.3).</summary>
    /// <exception cref="ArtifactSyncException">UnexpectedError: a mutation can't be applied; the cursor is on the one before.</exception>
    public bool Run(IReadOnlyList<PulledMutation> page, CancellationToken cancellationToken)
    {
        try
        {
            return Apply(page, cancellationToken);
        }
        catch (Exception fault) when (IsOfMutation(fault))
        {
            sync.Observer.Verbose(
                $"A page of mutations from {page[0].Seq} on could not be applied at once ({fault.Message}); it is applied one by one.");
            return page.All(mutation => ApplyAlone(mutation, cancellationToken));
        }
    }

    private bool ApplyAlone(PulledMutation mutation, CancellationToken cancellationToken)
    {
        try
        {
            return Apply([mutation], cancellationToken);
        }
        catch (Exception fault) when (IsOfMutation(fault))
        {
            throw new ArtifactSyncException(
                ErrorCode.UnexpectedError,
                $"Mutation {mutation.Seq} could not be applied: {fault.Message} " +
                "What came before it is kept; the next run begins there.",
                sync.Api.ServerUrl, fault);
        }
    }

    // A full disk or a lost lease would only meet the next transaction again.
    private static bool IsOfMutation(Exception fault) =>
        fault is not OperationCanceledException && !(fault is ArtifactSyncException known && Faults.EndsRun(known.Code));

    private bool Apply(IReadOnlyList<PulledMutation> page, CancellationToken cancellationToken)
    {
        var counts = new PageCounts();
        var isSame = sync.Change("page", change => Consume(change, page, counts), cancellationToken);
        counts.AddTo(sync.Report);
        return isSame;
    }

    private bool Consume(ChangeContext change, IReadOnlyList<PulledMutation> page, PageCounts counts)
    {
        var db = change.Db;
        var state = MemoryTargetTable.Read(db);
        var rule = new VersionRule(state.Order, state.Cursor, pass.Kind == PassKind.FromZero);
        var applier = new MutationApplier(change, rule);
        var hasMapping = MappingTable.Any(db);
        PulledMutation? last = null;
        foreach (var pulled in page)
        {
            var isNew = pulled.Seq > state.Cursor;
            if (!isNew && pass.Kind == PassKind.Ordinary)
            {
                continue;
            }

            var own = hasMapping ? MappingTable.FindByCloudSeq(db, pulled.Seq) : null;
            if (own is { } mapped && (mapped.Entity != pulled.Entity || mapped.EntityKey != pulled.EntityKey || mapped.Op != pulled.Op))
            {
                return false;
            }

            if (isNew)
            {
                OweForNewProject(db, pulled.Project, change.NowMs);
                last = pulled;
            }

            counts.Add(pulled, isNew, own is not null, applier.Apply(ToMutation(pulled)));
            sync.Archive.Options.Checkpoint("memory:applied");
        }

        if (last is not null)
        {
            MemoryTargetTable.Advance(db, last.Seq, CursorMark.Of(last), change.NowMs);
        }

        return true;
    }

    /// <summary>
    /// A project that nothing here names yet: the token was given the right to it, and its older mutations lie below the cursor (7.5).
    /// </summary>
    private void OweForNewProject(Database db, string name, long now)
    {
        var project = MemoryText.Project(name);
        if (pass.Kind != PassKind.FromZero && pass.Cursor > 0 && project.Length > 0 && _known.Add(project)
            && !VersionTable.KnowsProject(db, project))
        {
            MemoryTargetTable.Owe(db, OwedPass.Pass, now);
        }
    }

    private static Mutation ToMutation(PulledMutation pulled) =>
        new(pulled.Entity, pulled.EntityKey, pulled.Op, pulled.Project, pulled.Payload, pulled.Seq, pulled.OccurredAt.Length == 0 ? null
            : pulled.OccurredAt);

    /// <summary>Counted apart until the transaction is committed.</summary>
    private sealed class PageCounts
    {
        private readonly List<CycleFault> _faults = [];
        private readonly SortedDictionary<string, long> _pulled = new(StringComparer.Ordinal);
        private long _applied;
        private long _stale;
        private long _echoes;

        public void Add(PulledMutation pulled, bool isNew, bool isOwn, ApplyResult result)
        {
            if (isNew)
            {
                CycleReport.Count(_pulled, MemoryText.Project(pulled.Project));
            }

            switch (result.Outcome)
            {
                case ApplyOutcome.Applied:
                    _applied++;
                    break;
                case ApplyOutcome.Stale when isOwn:
                    _echoes += isNew ? 1 : 0;
                    break;
                case ApplyOutcome.Stale:
                    _stale += isNew ? 1 : 0;
                    break;
                default:
                    if (!isNew)
                    {
                        break; // told when it came first
                    }

                    var isDead = result.Outcome == ApplyOutcome.Dead;
                    _faults.Add(new CycleFault(
                        Entity.IsKnown(pulled.Entity) ? pulled.Entity : "mutation", pulled.EntityKey, "pull", isDead
                            ? ErrorCode.MutationUnusable : ErrorCode.MutationWaits,
                        isDead ? $"Mutation {pulled.Seq} can't be used: {result.Reason}."
                            : $"Mutation {pulled.Seq} waits: {result.Reason}."));
                    break;
            }
        }

        public void AddTo(CycleReport report)
        {
            foreach (var (project, count) in _pulled)
            {
                CycleReport.Count(report.Pulled, project, count);
            }

            report.Applied += _applied;
            report.Stale += _stale;
            report.Echoes += _echoes;
            report.Faults.AddRange(_faults);
        }
    }
}
