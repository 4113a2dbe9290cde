using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Memory;
using ArtifactSync.Model;

namespace ArtifactSync.Sync;

/// <summary>Runs that import or export a chunk directory (memory spec 4).</summary>
internal sealed class MemoryChunkRunner(ArchiveDatabase archive, MemoryChunkRequest request, IRunObserver observer)
{
    public async Task<MemoryImportResult> ImportAsync(CancellationToken cancellationToken)
    {
        using var run = Begin("import", cancellationToken);
        var result = await run.GuardAsync(async () =>
        {
            using var lease = archive.AcquireLease(run.RunId, archive.Options.LeaseTimeout, cancellationToken);
            return run.Record(ToResult(request.Path, await ImportAllAsync(lease, cancellationToken)));
        });
        run.Finish();
        return result;
    }

    public async Task<MemoryChunk> ExportAsync(CancellationToken cancellationToken)
    {
        using var run = Begin("export", cancellationToken);
        var chunk = await run.GuardAsync(async () =>
        {
            using var lease = archive.AcquireLease(run.RunId, archive.Options.LeaseTimeout, cancellationToken);
            return run.Record(await ExportOneAsync(run, lease, cancellationToken));
        });
        run.Finish();
        return chunk;
    }

    /// <param name="archive">Null when there is none yet.</param>
    public static async Task<MemoryImportResult> PlanImportAsync(
        ArchiveDatabase? archive, EngineOptions options, ChunkSource source, MergeRules rules, IRunObserver observer,
        CancellationToken cancellationToken)
    {
        using var plan = new PlanDatabase(archive?.Reader);
        var outcome = await new ChunkImport(source, rules, archive?.Reader, Transact, plan.Fetch, observer).RunAsync(cancellationToken);
        var result = ToResult(source.Name, outcome);
        return outcome.Fault is null ? result with { Status = "Planned" } : result;

        void Transact(Action<ChangeContext> work)
        {
            plan.Db.Execute("BEGIN");
            try
            {
                using var change = new ChangeContext(plan.Db, options.Clock, options.Random) { IsFromServer = source.IsServer };
                work(change);
                plan.Db.Execute("COMMIT");
            }
            catch
            {
                plan.Undo();
                throw;
            }
        }
    }

    /// <summary>What an export would write. Chunks of the directory that are new here are not imported first, so it may be less.</summary>
    public static MemoryChunk PlanExport(ArchiveDatabase archive, MemoryChunkRequest request, CancellationToken cancellationToken)
    {
        var manifest = ChunkManifest.Read(request.Path);
        manifest.RequireWritable();
        using var snapshot = archive.Reader.Snapshot();
        var export = new ChunkExport(archive.Reader, request.Project, manifest.Entries.Select(static e => e.Id), cancellationToken);
        return Describe(request, export) with { Status = export.IsEmpty ? "Unchanged" : "Planned" };
    }

    private async Task<ChunkOutcome> ImportAllAsync(Lease lease, CancellationToken cancellationToken)
    {
        var outcome = await new ChunkImport(
            ChunkSource.Directory(request.Path), MergeRules.Chunk, archive.Reader, work => Transact(lease, work), null, observer)
            .RunAsync(cancellationToken);
        var rule = MemoryTargetTable.Rule(archive.Reader);
        Deferral.Replay(lease, archive.Clock, archive.Options.Random, rule, outcome.Counts.HasChanges, cancellationToken);
        return outcome;
    }

    private void Transact(Lease lease, Action<ChangeContext> work)
    {
        using var transaction = lease.Begin();
        using var change = new ChangeContext(transaction.Db, archive.Clock, archive.Options.Random);
        work(change);
        change.Complete();
        archive.Options.Checkpoint("memory:chunk-merged");
        transaction.Commit();
        archive.Options.Checkpoint("memory:chunk-committed");
    }

    private async Task<MemoryChunk> ExportOneAsync(MemoryRun run, Lease lease, CancellationToken cancellationToken)
    {
        try
        {
            ChunkManifest.Read(request.Path).RequireWritable();
            if ((await ImportAllAsync(lease, cancellationToken)).Fault is { } fault)
            {
                observer.Warning($"Not all chunks of '{request.Path}' could be imported before the export: {fault.Message}");
            }

            ReadUnknownHashes(lease, cancellationToken);
            return Write(lease, cancellationToken);
        }
        catch (ArtifactSyncException e) when (!Faults.EndsRun(e.Code))
        {
            return new MemoryChunk
            {
                Path = request.Path, Project = request.Project, Status = "Failed", ErrorCode = e.Code.ToString(), ErrorMessage = e.Message,
                RecommendedAction = ErrorCatalog.Action(e.Code), RunId = run.RunId,
            };
        }
    }

    private MemoryChunk Write(Lease lease, CancellationToken cancellationToken)
    {
        var manifest = ChunkManifest.Read(request.Path);
        using var snapshot = archive.Reader.Snapshot();
        var export = new ChunkExport(archive.Reader, request.Project, manifest.Entries.Select(static e => e.Id), cancellationToken);
        if (export.IsEmpty)
        {
            return Describe(request, export) with { Status = "Unchanged" };
        }

        Directory.CreateDirectory(ChunkFile.FolderOf(request.Path));
        var id = WriteFile(export, cancellationToken);
        archive.Options.Checkpoint("memory:chunk-written");
        // Another machine may have listed a chunk meanwhile: its entry must not be lost.
        manifest = ChunkManifest.Read(request.Path);
        if (manifest.Entries.All(e => e.Id != id))
        {
            manifest.Append(new ChunkEntry(id, ChunkManifest.Author(), ChunkManifest.Time(archive.Clock.GetUtcNow()), export.Sessions, export.Observations, export.Prompts));
        }

        archive.Options.Checkpoint("memory:manifest-written");
        Transact(lease, change =>
        {
            ChunkTable.Add(change.Db, ChunkTable.Local, id, change.NowMs);
            foreach (var (entity, key, hash) in export.Hashes)
            {
                ChunkTable.AddRow(change.Db, ChunkTable.Local, id, entity, key, hash);
            }
        });
        return Describe(request, export) with { Status = "Exported", ChunkId = id, File = ChunkFile.PathOf(request.Path, id) };
    }

    private string WriteFile(ChunkExport export, CancellationToken cancellationToken)
    {
        var id = "";
        ReplacingFile.Write(Path.Combine(ChunkFile.FolderOf(request.Path), "new"), stream =>
        {
            id = export.Write(stream, cancellationToken);
            var final = ChunkFile.PathOf(request.Path, id);
            if (!File.Exists(final))
            {
                return final;
            }

            // The same content under the same id is what an export that died left behind; other content must stay as it is.
            stream.Flush();
            RequireSame(stream, final, id);
            return null;
        });
        return id;
    }

    private void RequireSame(Stream written, string existing, string id)
    {
        using var mine = ChunkFile.Decompress(File.ReadAllBytes(((FileStream)written).Name));
        using var theirs = ChunkFile.Decompress(File.ReadAllBytes(existing));
        if (!mine.GetBuffer().AsSpan(0, (int)mine.Length).SequenceEqual(theirs.GetBuffer().AsSpan(0, (int)theirs.Length)))
        {
            throw new ArtifactSyncException(
                ErrorCode.MemoryChunkConflict, $"'{request.Path}' has a different chunk '{id}' already. Nothing was written.", id);
        }
    }

    /// <summary>Chunks that an older version recorded without what they hold are read once for that.</summary>
    private void ReadUnknownHashes(Lease lease, CancellationToken cancellationToken)
    {
        foreach (var id in ChunkManifest.Read(request.Path).Entries.Select(static e => e.Id).Distinct(StringComparer.Ordinal)
            .Where(id => ChunkTable.Has(archive.Reader, ChunkTable.Local, id) && !ChunkTable.HasRows(archive.Reader, ChunkTable.Local, id)))
        {
            if (ChunkFile.Open(request.Path, id, cancellationToken) is not { } chunk)
            {
                continue;
            }

            // Merged into a plan, which tells what each row is as import stores it, and forgotten.
            using var plan = new PlanDatabase(archive.Reader);
            using var change = new ChangeContext(plan.Db, archive.Clock, archive.Options.Random);
            var rows = new List<(string Entity, string Key, string Hash)>();
            var items = ChunkMerge.Plan(chunk, static (_, _) => { });
            new ChunkMerge(change, MergeRules.Chunk, plan.Fetch).Apply(items, (entity, key, hash) => rows.Add((entity, key, hash)), cancellationToken);
            Transact(lease, record => rows.ForEach(r => ChunkTable.AddRow(record.Db, ChunkTable.Local, id, r.Entity, r.Key, r.Hash)));
        }
    }

    private MemoryRun Begin(string phase, CancellationToken cancellationToken) => MemoryRun.Begin(
        archive, phase,
        new MemoryImportRecord(phase == "export" ? MemoryWork.ExportChunk : MemoryWork.ImportChunks, [request.Path], request.Project),
        request.ParentRunId, observer, cancellationToken);

    /// <param name="path">The directory or server.</param>
    public static MemoryImportResult ToResult(string path, ChunkOutcome outcome)
    {
        var result = outcome.Fault is { } fault
            ? MemoryRun.Failed(path, fault)
            : new MemoryImportResult { Path = path, Status = outcome.Imported > 0 ? "Imported" : "Unchanged" };
        return MemoryRun.Fill(result with { ChunksImported = outcome.Imported, ChunksSkipped = outcome.Skipped }, outcome.Counts);
    }

    private static MemoryChunk Describe(MemoryChunkRequest request, ChunkExport export) => new()
    {
        Path = request.Path, Project = request.Project, Sessions = export.Sessions, Observations = export.Observations,
        Prompts = export.Prompts, Deletes = export.Deletes,
    };
}
