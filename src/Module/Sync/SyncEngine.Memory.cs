using System.Runtime.CompilerServices;
using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Memory;
using ArtifactSync.Memory.Cloud;
using ArtifactSync.Model;

namespace ArtifactSync.Sync;

public sealed partial class SyncEngine
{
    /// <summary>Merges JSON exports of memory stores, last writer wins; one object a file, as it is done.</summary>
    public async IAsyncEnumerable<MemoryImportResult> ImportMemoryAsync(
        MemoryImportRequest request, IRunObserver observer, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        await Task.Yield();
        using var archive = request.WhatIf ? OpenExisting() : ArchiveDatabase.Open(options, ArchiveMode.Create);
        var files = request.WhatIf
            ? MemoryImportRunner.Plan(archive, options, request, observer, cancellationToken)
            : new MemoryImportRunner(archive!, request, observer).Run(cancellationToken);
        foreach (var file in files)
        {
            yield return file;
        }
    }

    /// <summary>Merges the chunks of a chunk directory that are new here.</summary>
    public async Task<MemoryImportResult> ImportMemoryChunksAsync(
        MemoryChunkRequest request, IRunObserver observer, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        using var archive = request.WhatIf ? OpenExisting() : ArchiveDatabase.Open(options, ArchiveMode.Create);
        return request.WhatIf
            ? await MemoryChunkRunner.PlanImportAsync(
                archive, options, ChunkSource.Directory(request.Path), MergeRules.Chunk, observer, cancellationToken)
            : await new MemoryChunkRunner(archive!, request, observer).ImportAsync(cancellationToken);
    }

    /// <summary>Writes what a chunk directory lacks as one more chunk, after importing what is new in it.</summary>
    /// <exception cref="ArtifactSyncException">ArchiveNotFound; InvalidArgument: the name of the project is blank.</exception>
    public async Task<MemoryChunk> ExportMemoryChunkAsync(
        MemoryChunkRequest request, IRunObserver observer, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        request = request with { Project = MemoryText.ProjectToExport(request.Project) };
        using var archive = ArchiveDatabase.Open(options, request.WhatIf ? ArchiveMode.ReadOnly : ArchiveMode.ReadWrite);
        return request.WhatIf
            ? MemoryChunkRunner.PlanExport(archive, request, cancellationToken)
            : await new MemoryChunkRunner(archive, request, observer).ExportAsync(cancellationToken);
    }

    /// <summary>Writes a JSON export of the memory plane.</summary>
    /// <param name="path">Absolute file; an existing one is replaced when all was written.</param>
    /// <param name="project">This project alone, with the sessions that its rows refer to; null = everything.</param>
    /// <param name="cancellationToken">Stops it; the file stays as it was.</param>
    /// <exception cref="ArtifactSyncException">ArchiveNotFound; InvalidArgument: the name of the project is blank.</exception>
    public MemoryExport ExportMemory(string path, string? project, CancellationToken cancellationToken)
    {
        using var archive = ArchiveDatabase.Open(options, ArchiveMode.ReadOnly);
        using var snapshot = archive.Reader.Snapshot();
        var result = new MemoryExport { Path = path, Project = MemoryText.ProjectToExport(project) };
        ReplacingFile.Write(path, stream =>
        {
            using var writer = new ExportWriter(stream);
            writer.Write(archive.Reader, result.Project, MemoryTime.Text(options.Clock.GetUtcNow()), cancellationToken);
            result = result with { Sessions = writer.Sessions, Observations = writer.Observations, Prompts = writer.Prompts };
        });
        return result;
    }

    /// <summary>Memories, last changed first; with a text query the best match first.</summary>
    /// <exception cref="ArtifactSyncException">ArchiveNotFound.</exception>
    public IEnumerable<ArchiveMemory> GetMemories(MemoryQuery query)
    {
        using var archive = ArchiveDatabase.Open(options, ArchiveMode.ReadOnly);
        foreach (var memory in MemoryReader.Read(archive.Reader, query))
        {
            yield return memory;
        }
    }

    /// <summary>Saves a memory; the same text or topic as one that is there changes that one.</summary>
    public ArchiveMemory AddMemory(MemoryAddition request) =>
        ChangeMemory(ArchiveMode.Create, change => MemoryEditor.Add(change, request))!;

    /// <summary>Changes a memory.</summary>
    /// <exception cref="ArtifactSyncException">MemoryNotFound, InvalidArgument.</exception>
    public ArchiveMemory EditMemory(string syncId, MemoryEdit edit) =>
        ChangeMemory(ArchiveMode.ReadWrite, change => MemoryEditor.Edit(change, syncId, edit))!;

    /// <summary>Deletes a memory; one that is deleted already is null, unless it is removed for good.</summary>
    /// <exception cref="ArtifactSyncException">MemoryNotFound.</exception>
    public ArchiveMemory? RemoveMemory(string syncId, bool permanent) =>
        ChangeMemory(ArchiveMode.ReadWrite, change => MemoryEditor.Remove(change, syncId, permanent));

    /// <summary>Enrolled projects.</summary>
    public IReadOnlyList<MemoryProject> GetMemoryProjects()
    {
        using var archive = ArchiveDatabase.Open(options, ArchiveMode.ReadOnly);
        return [.. MemoryProjectTable.All(archive.Reader).Select(ToModel)];
    }

    /// <summary>Enrolls a project: its changes are queued for a server from now on, what is there at its first pull.</summary>
    /// <exception cref="ArtifactSyncException">InvalidArgument: a blank name.</exception>
    public MemoryProject EnableMemoryProject(string project) => InPlane(ArchiveMode.Create, change =>
    {
        var name = RequireProject(project);
        MemoryProjectTable.Enroll(change.Db, name, change.NowMs);
        MemoryTargetTable.Unblock(change.Db, MemoryTargetTable.OfProject(name), SyncReason.BlockedUnenrolled, change.NowMs);
        return ToModel(MemoryProjectTable.All(change.Db).Single(p => p.Project == name));
    });

    /// <summary>Ends the enrollment of a project. What was queued stays, and is sent if it is enrolled again.</summary>
    /// <exception cref="ArtifactSyncException">MemoryNotEnrolled.</exception>
    public MemoryProject DisableMemoryProject(string project) => InPlane(ArchiveMode.ReadWrite, change =>
    {
        var name = RequireProject(project);
        var known = MemoryProjectTable.All(change.Db).SingleOrDefault(p => p.Project == name)
            ?? throw new ArtifactSyncException(ErrorCode.MemoryNotEnrolled, $"The project '{name}' is not enrolled.", project);
        MemoryProjectTable.Remove(change.Db, name);
        return ToModel(known) with { Enrolled = false };
    });

    /// <summary>Changes that can never be sent, and mutations that can never be applied.</summary>
    public IEnumerable<QuarantinedMemory> GetMemoryQuarantine(string? project)
    {
        using var archive = ArchiveDatabase.Open(options, ArchiveMode.ReadOnly);
        foreach (var row in MemoryReader.Quarantine(archive.Reader, project))
        {
            yield return row;
        }
    }

    private static string RequireProject(string project) => MemoryText.Project(project) is { Length: > 0 } name
        ? name
        : throw new ArtifactSyncException(ErrorCode.InvalidArgument, "A project needs a name that is not blank.", project);

    private static MemoryProject ToModel(EnrolledProject row) => new()
    {
        Project = row.Project,
        Enrolled = true,
        EnrolledAt = DateTimeOffset.FromUnixTimeMilliseconds(row.EnrolledAt),
        BackfilledAt = row.BackfilledAt is { } at ? DateTimeOffset.FromUnixTimeMilliseconds(at) : null,
        Pending = row.Pending,
    };

    private ArchiveMemory? ChangeMemory(ArchiveMode mode, Func<ChangeContext, Observation?> work) => InPlane(mode, change =>
        work(change) is { } row ? MemoryReader.ToModel(row, change.ProjectOf(row.Project, row.SessionId)) : null);

    /// <summary>One transaction on the memory plane, without a run of its own: an edit is not worth a row in the ledger.</summary>
    private T InPlane<T>(ArchiveMode mode, Func<ChangeContext, T> work)
    {
        using var archive = ArchiveDatabase.Open(options, mode);
        using var lease = archive.AcquireLease(RunId.Create(options.Clock, options.Random), options.LeaseTimeout, CancellationToken.None);
        using var transaction = lease.Begin();
        using var change = new ChangeContext(transaction.Db, options.Clock, options.Random);
        var result = work(change);
        change.Complete();
        transaction.Commit();
        return result;
    }
}
