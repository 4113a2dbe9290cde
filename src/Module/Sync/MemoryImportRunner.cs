using System.Text.Json;
using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Memory;
using ArtifactSync.Model;

namespace ArtifactSync.Sync;

/// <summary>
/// A run that imports JSON exports, one transaction a file (memory spec 3). A file that fails leaves nothing behind and stops no other.
/// </summary>
internal sealed class MemoryImportRunner(ArchiveDatabase archive, MemoryImportRequest request, IRunObserver observer)
{
    public const string PipelineName = "(pipeline)";

    public IEnumerable<MemoryImportResult> Run(CancellationToken cancellationToken)
    {
        var record = new MemoryImportRecord(MemoryWork.ImportFiles, request.Paths);
        using var run = MemoryRun.Begin(archive, "import", record, request.ParentRunId, observer, cancellationToken);
        using var lease = archive.AcquireLease(run.RunId, archive.Options.LeaseTimeout, cancellationToken);
        var taken = false;
        try
        {
            foreach (var (name, open) in Sources(request))
            {
                var result = run.Guard(() => ImportOne(run, lease, name, open, cancellationToken));
                taken = true;
                yield return result;
                taken = false;
            }

            run.Finish();
        }
        finally
        {
            if (taken)
            {
                run.Abandon(); // whoever asked for the files has enough of them
            }
        }
    }

    /// <summary>The same counters from a plan in memory; the archive is only read.</summary>
    /// <param name="archive">Null when there is none yet.</param>
    public static IEnumerable<MemoryImportResult> Plan(
        ArchiveDatabase? archive, EngineOptions options, MemoryImportRequest request, IRunObserver observer,
        CancellationToken cancellationToken)
    {
        using var plan = new PlanDatabase(archive?.Reader);
        foreach (var (name, open) in Sources(request))
        {
            yield return PlanOne(plan, options, name, open, observer, cancellationToken);
        }
    }

    private MemoryImportResult ImportOne(MemoryRun run, Lease lease, string name, Func<Stream> open, CancellationToken cancellationToken)
    {
        try
        {
            using var stream = Open(name, open);
            using var transaction = lease.Begin();
            using var change = new ChangeContext(transaction.Db, archive.Clock, archive.Options.Random);
            var counts = new JsonImport(name, observer).Run(stream, change, before: null, cancellationToken);
            archive.Options.Checkpoint("memory:merged");
            change.Complete();
            Commit(transaction, name);
            archive.Options.Checkpoint("memory:committed");
            return run.Record(Result(name, counts, counts.HasChanges ? "Imported" : "Unchanged"));
        }
        catch (ArtifactSyncException e) when (!Faults.EndsRun(e.Code))
        {
            return run.Record(MemoryRun.Failed(name, e));
        }
    }

    private static MemoryImportResult PlanOne(
        PlanDatabase plan, EngineOptions options, string name, Func<Stream> open, IRunObserver observer,
        CancellationToken cancellationToken)
    {
        // A file that would fail must leave nothing for the next one either.
        plan.Db.Execute("BEGIN");
        try
        {
            using var stream = Open(name, open);
            using var change = new ChangeContext(plan.Db, options.Clock, options.Random);
            var counts = new JsonImport(name, observer).Run(stream, change, plan.Fetch, cancellationToken);
            change.Complete();
            plan.Db.Execute("COMMIT");
            return Result(name, counts, "Planned");
        }
        catch (ArtifactSyncException e)
        {
            plan.Undo();
            return MemoryRun.Failed(name, e);
        }
    }

    private static void Commit(WriteTransaction transaction, string name)
    {
        try
        {
            transaction.Commit();
        }
        catch (ArtifactSyncException e)
        {
            throw new ArtifactSyncException(
                e.Code, $"The commit of the import of '{name}' failed; nothing of it was stored. {e.Message}", name, e);
        }
    }

    private static IEnumerable<(string Name, Func<Stream> Open)> Sources(MemoryImportRequest request)
    {
        foreach (var path in request.Paths)
        {
            yield return (path, () => new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete,
                bufferSize: 0));
        }

        if (request.Document is { } document)
        {
            yield return (PipelineName, () => new MemoryStream(document.ToArray(), writable: false));
        }
    }

    private static Stream Open(string name, Func<Stream> open)
    {
        try
        {
            return open();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Directory.Exists(name)
                ? new ArtifactSyncException(
                    ErrorCode.MemoryFileUnreadable, $"'{name}' is a folder. Import-MemoryChunk reads chunk directories.", name, e)
                : new ArtifactSyncException(ErrorCode.MemoryFileUnreadable, $"'{name}' cannot be read: {e.Message}", name, e);
        }
    }

    private static MemoryImportResult Result(string name, MergeCounts counts, string status) =>
        MemoryRun.Fill(new() { Path = name, Status = status }, counts);
}
