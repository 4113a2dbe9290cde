using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Memory.Cloud;

namespace ArtifactSync.Memory.Server;

/// <summary>
/// The chunk routes of memory spec 6.5 over an archive, without anything of HTTP but status and bytes, as <see cref="MutationLog"/>.
/// What the row lists of a chunk hold is copied into the mutation log in the transaction that keeps the chunk. Any thread may call.
/// </summary>
internal sealed class ChunkLog(ArchiveDatabase archive)
{
    /// <summary>Characters. The name goes onto every row of a chunk.</summary>
    private const int LongestProject = 256;

    private readonly Readers _readers = new(archive);

    /// <summary>Keeps a chunk under an id of our own; one that is kept already changes nothing.</summary>
    /// <param name="body">Bounded by whoever reads it, as for <see cref="MutationLog.Push"/>.</param>
    public LogAnswer Push(ReadOnlyMemory<byte> body, LogRights rights)
    {
        using var document = Parse(body);
        if (document is not { RootElement: { ValueKind: JsonValueKind.Object } request })
        {
            return LogAnswer.ChunkInvalid("The body is no JSON object, or it holds U+0000 or half a character.");
        }

        var project = MemoryText.Project(PushRequest.TextOf(request, "project"));
        return project.Length > LongestProject ? LogAnswer.ChunkInvalid($"A project's name has at most {LongestProject} characters.")
            : Refusal(project, rights) ?? Keep(request, project);
    }

    /// <summary>The chunks of a project; that of a paused one is served, too.</summary>
    public LogAnswer Manifest(string? project, LogRights rights)
    {
        var name = MemoryText.Project(project);
        if (Refusal(name, rights) is { } refusal)
        {
            return refusal;
        }

        using var reader = _readers.Rent();
        return LogAnswer.Manifest(ChunkLogTable.OfProject(reader.Db, name));
    }

    /// <summary>One chunk, not compressed.</summary>
    public LogAnswer Pull(string id, string? project, LogRights rights)
    {
        var name = MemoryText.Project(project);
        if (Refusal(name, rights) is { } refusal)
        {
            return refusal;
        }

        using var reader = _readers.Rent();
        return ChunkLogTable.Find(reader.Db, name, id) is { } data
            ? LogAnswer.Chunk(data)
            : LogAnswer.Plain(404, "There is no such chunk of this project.");
    }

    private static LogAnswer? Refusal(string project, LogRights rights) =>
        project.Length == 0 ? LogAnswer.ProjectRequired : rights.Allow(project) ? null : LogAnswer.Forbidden(project);

    private LogAnswer Keep(JsonElement request, string project)
    {
        ChunkPush? push = null;
        LogAnswer? invalid = null;
        try
        {
            push = ChunkPush.Read(request, project); // before the transaction: nobody waits for it
        }
        catch (ArtifactSyncException fault) when (fault.Code == ErrorCode.MemoryChunkInvalid)
        {
            invalid = LogAnswer.ChunkInvalid(fault.Message);
        }

        try
        {
            using var transaction = archive.BeginLedger();
            if (MemoryLogTable.IsPaused(transaction.Db, project))
            {
                return LogAnswer.Paused(project);
            }

            var answer = invalid ?? Keep(transaction.Db, push!);
            transaction.Commit();
            archive.Options.Checkpoint("log:chunk-kept");
            return answer;
        }
        catch (ArtifactSyncException fault)
        {
            return LogAnswer.Error(500, "blocked", "upgrade_blocked_internal", $"The chunk could not be kept ({fault.Code}).");
        }
    }

    private LogAnswer Keep(Database db, ChunkPush push)
    {
        var chunk = push.Chunk;
        if (ChunkLogTable.Find(db, chunk.Project, chunk.Id) is { } kept)
        {
            return kept.AsSpan().SequenceEqual(chunk.Bytes) ? LogAnswer.ChunkKept(chunk.Id) : LogAnswer.ChunkConflict(chunk.Id);
        }

        if (chunk.NeededSessions.FirstOrDefault(id => !MemoryLogTable.HasSession(db, chunk.Project, id)) is { } missing)
        {
            return LogAnswer.ChunkInvalid($"The session '{missing}' is neither in the chunk nor known here.");
        }

        var now = archive.Clock.GetUtcNow();
        ChunkLogTable.Add(db, chunk, push.CreatedBy, push.CreatedAt ?? now.ToUnixTimeMilliseconds());
        foreach (var row in chunk.Rows)
        {
            MemoryLogTable.Append(db, new LogEntry(chunk.Project, row.Entity, row.Key, MutationOp.Upsert, row.Json), push.CreatedBy, now);
        }

        archive.Options.Checkpoint("log:chunk");
        return LogAnswer.ChunkKept(chunk.Id);
    }

    /// <summary>Null for what is no JSON, and for text that no database can store.</summary>
    private static JsonDocument? Parse(ReadOnlyMemory<byte> body)
    {
        try
        {
            return Utf8.IsValid(body.Span) && PayloadCheck.IsStorable(Encoding.UTF8.GetString(body.Span)) ? JsonDocument.Parse(body) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
