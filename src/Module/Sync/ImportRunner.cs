using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Model;
using ArtifactSync.Transcripts;

namespace ArtifactSync.Sync;

/// <summary>A run that only reads transcripts. Files without change leave no row in it.</summary>
internal sealed class ImportRunner(ArchiveDatabase archive, ImportRequest request, IRunObserver observer)
{
    public IEnumerable<ArchiveSessionImport> Run(CancellationToken cancellationToken)
    {
        using var run = RunRecorder.Begin(
            archive, static runId => new RunStart(runId, RunKind.Import) { Phase = "import" }, observer, cancellationToken);
        using var lease = archive.AcquireLease(run.RunId, archive.Options.LeaseTimeout, cancellationToken);
        using var files = TranscriptImporter.Import(archive, lease, request, observer, cancellationToken).GetEnumerator();
        var taken = false;
        try
        {
            while (Next(run, files) is { } file)
            {
                taken = true;
                yield return file with { RunId = run.RunId };
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

    /// <summary>Counts a file and keeps a row for what changed or failed.</summary>
    public static void Record(RunRecorder run, ArchiveSessionImport file)
    {
        run.Count(counters =>
        {
            counters.FilesImported += file.Status == "Imported" ? 1 : 0;
            counters.FilesSkipped += file.Status is "Unchanged" or "Skipped" ? 1 : 0;
            counters.FilesFailed += file.Status == "Failed" ? 1 : 0;
            counters.MalformedLines += file.MalformedLines;
        });
        if (file.Status == "Imported")
        {
            run.Done("file", file.Path, "import");
        }
        else if (file.ErrorCode is { } code)
        {
            var status = file.Status == "Failed" ? EntityStatus.Failed : EntityStatus.Skipped;
            run.Add("file", file.Path, "import", status, Enum.Parse<ErrorCode>(code), file.ErrorMessage);
        }
    }

    private static ArchiveSessionImport? Next(RunRecorder run, IEnumerator<ArchiveSessionImport> files)
    {
        try
        {
            if (!files.MoveNext())
            {
                return null;
            }
            Record(run, files.Current);
            return files.Current;
        }
        catch (OperationCanceledException)
        {
            run.Abandon();
            throw;
        }
        catch (ArtifactSyncException fault)
        {
            run.Finish(fault);
            throw;
        }
    }
}
