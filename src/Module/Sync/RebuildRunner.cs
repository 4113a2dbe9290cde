using ArtifactSync.Archive;
using ArtifactSync.Ingest;
using ArtifactSync.Metadata;
using ArtifactSync.Model;
using ArtifactSync.Transcripts;

namespace ArtifactSync.Sync;

/// <summary>
/// Makes all that is derived anew from what it comes from: own sessions from transcripts that still exist, those of others from
/// the local store, curation from the registers, the text index from the messages. Rows that are right stay untouched, so
/// nothing is published again. The ledger (origin, clock, watermarks, registers, markers, conflicts, sequence floors) is
/// what it is made from, and stays; each phase can be killed and is done again by the next run.
/// </summary>
internal sealed class RebuildRunner(ArchiveDatabase archive, IRunObserver observer)
{
    private const int SessionsPerCommit = 256;
    private const int MessagesPerReport = 1024;

    public Task<SyncRun> RunAsync(CancellationToken cancellationToken) => RunRecorder.DoAsync(
        archive, static runId => new RunStart(runId, RunKind.Rebuild) { Phase = "import" }, observer, WorkAsync, cancellationToken);

    /// <summary>Transcripts that were read before and are still there.</summary>
    public static List<string> Sources(ArchiveDatabase archive) =>
        [.. TranscriptTable.AllWithoutState(archive.Reader).Where(file => file.Format != CodexThreadNames.Format && File.Exists(file.Path)).Select(file => file.Path)];

    private Task WorkAsync(RunRecorder run, CancellationToken cancellationToken)
    {
        ReadSources(run, cancellationToken);
        if (OriginAdoption.Current(archive.Reader) is { } origin)
        {
            run.Enter("ingest");
            new Ingester(new ExchangeContext(archive, run, observer, full: false) { OwnOrigin = origin, Reimports = true }).Run(cancellationToken);
            run.Enter("replay");
            ShowRegisters(run, origin, cancellationToken);
        }

        run.Enter("index");
        RebuildIndex(run, cancellationToken);
        return Task.CompletedTask;
    }

    private void ReadSources(RunRecorder run, CancellationToken cancellationToken)
    {
        var sources = Sources(archive);
        if (sources.Count == 0)
        {
            return; // no path would mean the usual folders
        }

        using var lease = AcquireLease(run, cancellationToken);
        var request = new ImportRequest { Paths = sources, Reread = true };
        foreach (var file in TranscriptImporter.Import(archive, lease, request, observer, cancellationToken))
        {
            ImportRunner.Record(run, file);
        }
    }

    private void ShowRegisters(RunRecorder run, string origin, CancellationToken cancellationToken)
    {
        using var lease = AcquireLease(run, cancellationToken);
        var sessions = MetadataTable.Sessions(archive.Reader);
        var done = 0;
        foreach (var some in sessions.Chunk(SessionsPerCommit))
        {
            cancellationToken.ThrowIfCancellationRequested();
            using var transaction = lease.Begin();
            foreach (var gid in some)
            {
                MetadataReplay.ReapplyRegisters(transaction.Db, origin, gid);
            }
            transaction.Commit();
            observer.Progress(new ProgressSnapshot("Curation", null, done += some.Length, sessions.Count, 0));
        }
    }

    private void RebuildIndex(RunRecorder run, CancellationToken cancellationToken)
    {
        using var lease = AcquireLease(run, cancellationToken);
        using var transaction = lease.Begin();
        var (done, total) = (0L, MessageTable.Count(transaction.Db));
        TextIndex.Rebuild(transaction.Db, () =>
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (++done % MessagesPerReport == 0)
            {
                observer.Progress(new ProgressSnapshot("Text index", null, done, total, 0));
            }
        });
        archive.Options.Checkpoint("rebuild:indexed");
        transaction.Commit();
    }

    private Lease AcquireLease(RunRecorder run, CancellationToken cancellationToken) =>
        archive.AcquireLease(run.RunId, archive.Options.LeaseTimeout, cancellationToken);
}
