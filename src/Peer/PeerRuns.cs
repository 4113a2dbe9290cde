using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Metadata;
using ArtifactSync.Model;
using ArtifactSync.Sync;

namespace ArtifactSync.Peer;

/// <summary>What an import by a listener came to.</summary>
/// <param name="Counters">Of the run; what still waits is counted too when there was nothing to do.</param>
/// <param name="Fault">Why it failed; null = it did not.</param>
internal sealed record PeerImport(RunCounters Counters, ArtifactSyncException? Fault);

/// <summary>
/// Runs of a listener, one at a time, in the ledger as kind Import (its phases tell them apart). What has nothing to do leaves
/// no run.
/// </summary>
internal sealed class PeerRuns(ArchiveDatabase archive, ReaderPool readers, CancellationToken stopping) : IDisposable
{
    private readonly SemaphoreSlim _turn = new(1);
    private bool _baselineDone;
    private ArtifactSyncException? _damage;

    /// <summary>Something was sent to be imported later, or the last import had to leave something (spec 10.6).</summary>
    public bool ImportOwed { get; set; } = true;

    /// <summary>Content of the origins that sent some, then events. Not cut off when the one who asked goes away.</summary>
    public async Task<PeerImport> ImportAsync()
    {
        await _turn.WaitAsync(stopping);
        try
        {
            if (!readers.Use(HasArrivals))
            {
                var waiting = readers.Use(MetadataTable.Waiting);
                // What failed for damage fails until somebody sends the damaged part again.
                _damage = readers.Use(static db => QuarantineTable.Repairs(db).Any()) ? _damage : null;
                ImportOwed = waiting > 0 || _damage is not null;
                return new PeerImport(new RunCounters { Deferred = waiting }, _damage);
            }
            ImportOwed = false; // what comes from now on owes the next one, also while this one runs
            var run = await Task.Run(() => Do("ingest", Import), stopping);
            var fault = _damage = Fault(run);
            ImportOwed |= fault is not null || run.Counters.Deferred > 0;
            return new PeerImport(run.Counters, fault);
        }
        finally
        {
            _turn.Release();
        }
    }

    public async Task PublishAsync(CancellationToken cancellationToken)
    {
        if (!readers.Use(IsUnpublished))
        {
            return;
        }
        await _turn.WaitAsync(cancellationToken);
        try
        {
            if (readers.Use(IsUnpublished)) // else another listing did it meanwhile
            {
                var run = await Task.Run(() => Do("publish", Publish), stopping);
                _baselineDone |= run.Status is not RunStatus.Failed;
            }
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Asks for repair of an artifact that is not what it was, once.</summary>
    public async Task ReportDamageAsync(CatalogEntry entry)
    {
        await _turn.WaitAsync(stopping);
        try
        {
            if (!readers.Use(db => QuarantineTable.Repairs(db).Any(repair => repair.Artifact == entry.Artifact)))
            {
                await Task.Run(() => Do("verify", context => StoreDamage.Report(context, entry, stopping)), stopping);
            }
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>One run; a failed one is returned like any other.</summary>
    public SyncRun Do(string phase, Action<ExchangeContext> work) => RunRecorder.DoAsync(
        archive, id => new RunStart(id, RunKind.Import) { Phase = phase }, NullObserver.Instance,
        (run, _) =>
        {
            var context = new ExchangeContext(archive, run, NullObserver.Instance, full: false);
            context.KnownOrigins.UnionWith(context.Store.ListOrigins());
            context.OwnOrigin = OriginAdoption.Current(archive.Reader);
            work(context);
            return Task.CompletedTask; // nothing in it waits, so neither does the caller
        },
        stopping).GetAwaiter().GetResult();

    /// <summary>Waits for a run that goes on.</summary>
    public void Dispose()
    {
        _turn.Wait(TimeSpan.FromSeconds(10));
        _turn.Dispose();
    }

    private void Import(ExchangeContext context)
    {
        context.OwnOrigin = OriginAdoption.Ensure(archive, null, context.KnownOrigins, initialize: false, stopping);
        RunSteps.Import(context, stopping);
    }

    /// <summary>Own sessions, and once in the life of a listener the curation that no event knows yet (spec 9.6).</summary>
    private void Publish(ExchangeContext context)
    {
        if (!_baselineDone && CurationTable.Unregistered(archive.Reader, context.OwnOrigin!).Any())
        {
            using var lease = context.AcquireLease(stopping);
            using var transaction = lease.Begin();
            Baseline.Owe(transaction.Db);
            transaction.Commit();
        }
        RunSteps.Publish(context, stopping);
        RunSteps.PublishBaseline(context, stopping);
    }

    private bool HasArrivals(Database db)
    {
        var own = OriginAdoption.Current(db);
        return IngestTable.Pending(db).Exists(pending => pending.Content > 0 && pending.Origin != own)
            || PeerTable.HasEventsAfter(db, own, MetadataTable.Cursor(db));
    }

    private bool IsUnpublished(Database db)
    {
        if (OriginAdoption.Current(db) is not { } own || OriginAdoption.CloneFault(db, archive.Options.Machine) is not null)
        {
            return false;
        }
        return PublicationTable.HasWork(db) || PublicationTable.Head(db) is not { } head || head.PublishedRevision != head.Revision
            || IsBaselineDue(db, own);
    }

    /// <summary>Looked at once: what is edited later is recorded when it is.</summary>
    private bool IsBaselineDue(Database db, string own)
    {
        _baselineDone = _baselineDone || !(Baseline.IsOwed(db) || CurationTable.Unregistered(db, own).Any());
        return !_baselineDone;
    }

    /// <summary>A failed run, or one that met damage in the store; what others did wrong is no fault of the import.</summary>
    private static ArtifactSyncException? Fault(SyncRun run)
    {
        var code = run.Status == RunStatus.Failed ? run.ErrorCode
            : run.Entities.FirstOrDefault(entity => entity.Stage == "verify" && entity.Status == EntityStatus.Rejected)?.ErrorCode;
        return code is null ? null : new ArtifactSyncException(
            Enum.Parse<ErrorCode>(code) is var known && Faults.IsDamage(known) ? ErrorCode.UnexpectedError : known,
            run.ErrorMessage ?? "The import failed.", run.RunId);
    }
}
