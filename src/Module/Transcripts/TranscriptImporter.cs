using ArtifactSync.Archive;
using ArtifactSync.Model;
using ArtifactSync.Sync;

namespace ArtifactSync.Transcripts;

/// <summary>Transcripts of Claude Code and Codex into the archive.</summary>
internal sealed class TranscriptImporter
{
    /// <summary>Bytes of transcripts after which a transaction is committed: few commits, and little to repeat after a crash.</summary>
    private const long BatchBytes = 16 << 20;
    private const int BatchFiles = 1024;

    private readonly ArchiveDatabase? _archive;
    private readonly Lease? _lease;
    private readonly ImportRequest _request;
    private readonly IRunObserver _observer;
    private readonly CodexThreadNames _names = new();
    private readonly Dictionary<string, (string Path, long Size)>? _planned;

    private TranscriptImporter(ArchiveDatabase? archive, Lease? lease, ImportRequest request, IRunObserver observer) =>
        (_archive, _lease, _request, _observer, _planned) =
            (archive, lease, request, observer, request.WhatIf ? new(StringComparer.Ordinal) : null);

    /// <summary>
    /// Reads the files of a request in the order of their paths; one object a file, given once its content is committed.
    /// A file that can't be read is an object with status Failed; exceptions are trouble with the archive.
    /// </summary>
    /// <param name="archive">Null only under WhatIf: there is no archive yet.</param>
    /// <param name="lease">The right to write; null only under WhatIf.</param>
    /// <param name="request">What to read.</param>
    /// <param name="observer">Is told file by file.</param>
    /// <param name="cancellationToken">Stops between lines; what was committed stays.</param>
    /// <exception cref="Errors.ArtifactSyncException">LeaseLost, DiskFull, ArchiveBusy, ArchiveCorrupt, ...</exception>
    public static IEnumerable<ArchiveSessionImport> Import(
        ArchiveDatabase? archive, Lease? lease, ImportRequest request, IRunObserver observer, CancellationToken cancellationToken)
    {
        if (!request.WhatIf && (archive is null || lease is null))
        {
            throw new ArgumentException("An import that writes needs an archive and its lease.", nameof(lease));
        }

        return new TranscriptImporter(archive, lease, request, observer).Run(cancellationToken);
    }

    private IEnumerable<ArchiveSessionImport> Run(CancellationToken cancellationToken)
    {
        IReadOnlyList<string> paths = _request.Paths.Count > 0 ? _request.Paths : TranscriptFinder.DefaultFolders();
        List<FoundFile> files = TranscriptFinder.Find(paths, cancellationToken);
        Dictionary<string, TranscriptFile> known = _archive is null ? new(StringComparer.Ordinal)
            : TranscriptTable.AllWithoutState(_archive.Reader).ToDictionary(f => f.Path, StringComparer.Ordinal);
        List<Step> steps = [.. files.Select(file => Plan(file, known.GetValueOrDefault(file.Path)))];
        List<ParseJob> jobs = [.. steps.Select(s => s.Job).OfType<ParseJob>()];

        // One thread writes, the others parse; more than a few would only wait for the writer.
        int workers = Math.Clamp((_archive?.Options.ThrottleLimit ?? 2) - 1, 1, 3);
        using var pipeline = new ParsePipeline(jobs, _archive, workers, cancellationToken);
        int done = 0;
        foreach (List<Step> batch in Batches(steps))
        {
            List<ArchiveSessionImport> results = Write(batch, pipeline, ref done, steps.Count, cancellationToken);
            foreach (ArchiveSessionImport result in results)
            {
                yield return _lease is null ? result : result with { RunId = _lease.RunId };
            }
        }

        NameThreads(files, known);
    }

    /// <summary>A file and, when it has to be opened, the job that does so.</summary>
    private sealed record Step(FoundFile File, TranscriptParser? Parser, ParseJob? Job);

    private Step Plan(FoundFile file, TranscriptFile? known)
    {
        if (file.Fault is not null)
        {
            return new Step(file, null, null);
        }

        if (_request.Reread || known is { Format: CodexThreadNames.Format })
        {
            known = null;
        }

        var parser = new TranscriptParser(file.Path, file.Stat, known, _request.Full);
        return parser.IsUnchanged && !MayTakeOver(known!) ? new Step(file, parser, null) : new Step(file, parser, new ParseJob(parser));
    }

    /// <summary>Whether a file that did not hold its session could do so now, because the one that did is gone.</summary>
    private bool MayTakeOver(TranscriptFile known) =>
        known is { Format.Length: > 0, Consumed: 0, SessionIds: [var id, ..] }
        && SessionTable.Find(_archive!.Reader, id) is { Own: true, Session: { FilePath: { } holder } row }
        && row.FileSize <= known.Size && !File.Exists(holder);

    private static IEnumerable<List<Step>> Batches(List<Step> steps)
    {
        List<Step> batch = [];
        long bytes = 0;
        foreach (Step step in steps)
        {
            batch.Add(step);
            bytes += step.Job is null ? 0 : step.File.Stat.Size;
            if (bytes >= BatchBytes || batch.Count >= BatchFiles)
            {
                yield return batch;
                (batch, bytes) = ([], 0);
            }
        }

        if (batch.Count > 0)
        {
            yield return batch;
        }
    }

    private List<ArchiveSessionImport> Write(
        List<Step> batch, ParsePipeline pipeline, ref int done, int total, CancellationToken cancellationToken)
    {
        using WriteTransaction? transaction = !_request.WhatIf && batch.Exists(s => s.Job is not null) ? _lease!.Begin() : null;
        TimeProvider clock = _archive?.Clock ?? TimeProvider.System;
        var import = new SessionImport(transaction?.Db ?? _archive?.Reader, _planned, OwnSessions.Now(clock), _names);
        List<ArchiveSessionImport> results = [];
        foreach (Step step in batch)
        {
            cancellationToken.ThrowIfCancellationRequested();
            results.Add(Take(step, import, pipeline, cancellationToken));
            _observer.Progress(new ProgressSnapshot("Import", step.File.Path, ++done, total, step.File.Stat.Size));
        }

        _archive?.Options.Checkpoint("import-commit");
        transaction?.Commit();
        _archive?.Options.Checkpoint("import-committed");
        return results;
    }

    private ArchiveSessionImport Take(Step step, SessionImport import, ParsePipeline pipeline, CancellationToken cancellationToken)
    {
        if (step.File.Fault is { } fault)
        {
            return ImportResults.Failed(step.File.Path, fault, step.File.Message!);
        }

        if (step.Job is not { } job)
        {
            bool isRecognized = step.Parser!.Known!.Format.Length > 0;
            return isRecognized ? ImportResults.Unchanged(step.Parser) : ImportResults.Unrecognized(step.File.Path);
        }

        ArchiveSessionImport result = import.Write(job, cancellationToken);
        pipeline.Release();
        if (result.Status is not "Unchanged")
        {
            _observer.Verbose($"{result.Status}: '{result.Path}', {result.Messages} messages. {result.ErrorMessage}");
        }

        return result;
    }

    /// <summary>Brings in thread names that changed without their transcripts.</summary>
    private void NameThreads(List<FoundFile> files, Dictionary<string, TranscriptFile> known)
    {
        if (_request.WhatIf)
        {
            return;
        }

        var indexes = files.Select(f => _names.For(f.Path)).OfType<CodexThreadNames.Index>().DistinctBy(i => i.Path);
        foreach (CodexThreadNames.Index index in indexes)
        {
            TranscriptFile row = CodexThreadNames.Row(index);
            if (known.TryGetValue(index.Path, out TranscriptFile? before)
                && (before.Size, before.MtimeNs, before.Inode) == (row.Size, row.MtimeNs, row.Inode))
            {
                continue;
            }

            using WriteTransaction transaction = _lease!.Begin();
            string now = OwnSessions.Now(_archive!.Clock);
            int renamed = index.Names.Count(n => OwnSessions.Rename(transaction.Db, n.Key, n.Value, now));
            TranscriptTable.Put(transaction.Db, row);
            transaction.Commit();
            _observer.Verbose($"'{index.Path}': {renamed} new names.");
        }
    }
}
