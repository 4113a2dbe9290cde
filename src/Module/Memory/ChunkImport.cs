using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Sync;

namespace ArtifactSync.Memory;

/// <summary>Does work in one transaction on the plane: all of it is kept, or nothing when it throws.</summary>
internal delegate void Transact(Action<ChangeContext> work);

/// <summary>How far an import of a chunk directory came.</summary>
/// <param name="Fault">What stopped it; chunks before stay applied.</param>
internal sealed record ChunkOutcome(MergeCounts Counts, long Imported, long Skipped, ArtifactSyncException? Fault);

/// <summary>Where the chunks of an import are.</summary>
/// <param name="Name">For messages.</param>
/// <param name="TargetKey">Under which chunks that are done are recorded: <c>local</c>, or <c>cloud:&lt;project&gt;</c>.</param>
/// <param name="Entries">Reads the manifest.</param>
/// <param name="Open">Reads a chunk; null when it is listed and its file is missing.</param>
internal sealed record ChunkSource(
    string Name, string TargetKey, Func<CancellationToken, ValueTask<IReadOnlyList<ChunkEntry>>> Entries,
    Func<string, CancellationToken, ValueTask<ExportDocument?>> Open)
{
    /// <summary>Where chunks come from decides whether their rows are journalled (4.4).</summary>
    public bool IsServer => TargetKey != ChunkTable.Local;

    /// <param name="path">Holds <c>manifest.json</c> and <c>chunks/</c>.</param>
    public static ChunkSource Directory(string path) => new(
        path, ChunkTable.Local, _ => new(ChunkManifest.Read(path).Entries), (id, token) => new(ChunkFile.Open(path, id, token)));
}

/// <summary>
/// Imports the chunks of a source (memory spec 4.4): in the order of the manifest, in passes, each chunk in a transaction of its own with
/// the record that it is done. Only a missing session keeps a chunk waiting for the next pass.
/// </summary>
/// <param name="source">A directory, or the chunks that a server keeps of a project.</param>
/// <param name="rules">Those of chunks from such a source.</param>
/// <param name="reader">Tells which chunks are done; null when there is no archive.</param>
/// <param name="before">As in <see cref="RowMerge"/>.</param>
internal sealed class ChunkImport(
    ChunkSource source, MergeRules rules, Database? reader, Transact transact, Action<string, string>? before, IRunObserver observer)
{
    private readonly MergeCounts _counts = new();
    private long _imported;
    private long _skipped;

    /// <exception cref="ArtifactSyncException">What ends the run; everything else is in the outcome.</exception>
    public async Task<ChunkOutcome> RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            var pending = Pending(await source.Entries(cancellationToken));
            var total = pending.Count;
            while (pending.Count > 0)
            {
                pending = await PassAsync(pending, total, cancellationToken);
            }

            return new ChunkOutcome(_counts, _imported, _skipped, null);
        }
        catch (ArtifactSyncException e) when (!Faults.EndsRun(e.Code))
        {
            return new ChunkOutcome(_counts, _imported, _skipped, e);
        }
    }

    /// <summary>The ids that are not done here, once each.</summary>
    private List<string> Pending(IReadOnlyList<ChunkEntry> entries)
    {
        if (entries.FirstOrDefault(static e => e.Id.Length > 0 && !ChunkManifest.IsId(e.Id)) is { } bad)
        {
            throw new ArtifactSyncException(
                ErrorCode.MemoryChunkInvalid,
                $"The manifest of '{source.Name}' names a chunk '{bad.Id}', which is no chunk id. Nothing was imported.", bad.Id);
        }

        List<string> pending =
        [
            .. entries.Select(static e => e.Id).Distinct(StringComparer.Ordinal)
                .Where(id => reader is null || !ChunkTable.Has(reader, source.TargetKey, id)),
        ];
        _skipped += entries.Count - pending.Count;
        return pending;
    }

    private async Task<List<string>> PassAsync(List<string> pending, int total, CancellationToken cancellationToken)
    {
        var waiting = new List<string>();
        ArtifactSyncException? lastFault = null;
        foreach (var id in pending)
        {
            cancellationToken.ThrowIfCancellationRequested();
            observer.Progress(new ProgressSnapshot("chunks", id, total - pending.Count + _imported, total, 0));
            try
            {
                await ImportOneAsync(id, cancellationToken);
            }
            catch (ArtifactSyncException e) when (e.Code == ErrorCode.MemorySessionMissing)
            {
                waiting.Add(id);
                lastFault ??= e;
            }
        }

        return waiting.Count < pending.Count ? waiting : throw await StalledAsync(waiting[0], lastFault!, cancellationToken);
    }

    private async Task ImportOneAsync(string id, CancellationToken cancellationToken)
    {
        if (await source.Open(id, cancellationToken) is not { } chunk)
        {
            observer.Verbose($"The chunk '{id}' is listed, but its file is missing; it is read when it is there.");
            _skipped++;
            return;
        }

        var isNew = false;
        MergeCounts? counts = null;
        transact(change =>
        {
            (isNew, counts) = (false, null); // the transaction may run again
            if (ChunkTable.Has(change.Db, source.TargetKey, id))
            {
                return; // another process was faster
            }

            var items = Items(chunk, id, change);
            var merge = new ChunkMerge(change, rules, before);
            merge.Apply(items, (entity, key, hash) => ChunkTable.AddRow(change.Db, source.TargetKey, id, entity, key, hash),
                cancellationToken);
            ChunkTable.Add(change.Db, source.TargetKey, id, change.NowMs);
            (isNew, counts) = (true, merge.Counts);
        });
        _ = isNew ? _imported++ : _skipped++;
        if (counts is not null)
        {
            _counts.Add(counts);
        }
    }

    private static IReadOnlyList<ChunkItem> Items(ExportDocument chunk, string id, ChangeContext change)
    {
        try
        {
            return ChunkMerge.Plan(chunk, (mutation, reason) => Deferral.Bury(change, mutation, reason));
        }
        catch (ArtifactSyncException e) when (e.Code == ErrorCode.MemoryDocumentInvalid)
        {
            throw new ArtifactSyncException(ErrorCode.MemoryChunkInvalid, $"The chunk '{id}' is damaged: {e.Message}", id, e);
        }
    }

    private async Task<ArtifactSyncException> StalledAsync(string id, ArtifactSyncException fault, CancellationToken cancellationToken)
    {
        var chunk = (await source.Open(id, cancellationToken))!;
        var own = chunk.Sessions().Select(static s => s.Text(Field.Id)).ToHashSet(StringComparer.Ordinal);
        var needed = chunk.Observations().Concat(chunk.Prompts()).Select(static r => r.Text(Field.SessionId))
            .Append(fault.Target as string ?? "")
            .Where(s => s.Length > 0 && !own.Contains(s) && (reader is null || !MemorySessionTable.Exists(reader, s)))
            .Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal);
        return new ArtifactSyncException(
            ErrorCode.MemoryChunkStalled,
            $"The import of '{source.Name}' stalled at chunk '{id}': {fault.Message} Its rows need the sessions: {string.Join(", ", needed)}.",
            id, fault);
    }
}
