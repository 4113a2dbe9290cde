using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using ArtifactSync.Archive;
using ArtifactSync.Wire;

namespace ArtifactSync.Memory;

/// <summary>
/// What an export of a chunk holds (memory spec 4.3 [REQ]): every row in scope whose hash no listed chunk has, the sessions that these
/// refer to, and the deletes of what some listed chunk has. Never chosen by time.
/// </summary>
internal sealed class ChunkExport
{
    private readonly Database _db;
    private readonly string? _project;
    private readonly HashSet<string> _listed;
    private readonly HashSet<string> _sessions = new(StringComparer.Ordinal);
    private readonly HashSet<string> _changedSessions = new(StringComparer.Ordinal);
    private readonly HashSet<string> _observations = new(StringComparer.Ordinal);
    private readonly HashSet<string> _prompts = new(StringComparer.Ordinal);
    private readonly List<Mutation> _deletes = [];
    private readonly List<(string Entity, string Key, string Hash)> _hashes = [];

    /// <param name="db">One state of the archive for the whole export: a transaction or snapshot.</param>
    /// <param name="project">Normalised; null = everything.</param>
    /// <param name="listed">Ids in the manifest.</param>
    /// <param name="cancellationToken">Stops the search.</param>
    public ChunkExport(Database db, string? project, IEnumerable<string> listed, CancellationToken cancellationToken)
    {
        (_db, _project, _listed) = (db, project, listed.ToHashSet(StringComparer.Ordinal));
        Select(cancellationToken);
    }

    public bool IsEmpty => _changedSessions.Count + _observations.Count + _prompts.Count + _deletes.Count == 0;

    public long Sessions => _sessions.Count;

    public long Observations => _observations.Count;

    public long Prompts => _prompts.Count;

    public long Deletes => _deletes.Count;

    /// <summary>What the chunk holds, for the record.</summary>
    public IReadOnlyList<(string Entity, string Key, string Hash)> Hashes => _hashes;

    /// <summary>Writes the chunk compressed; returns its id, the first 8 hex digits of the SHA-256 of the bytes before.</summary>
    public string Write(Stream file, CancellationToken cancellationToken)
    {
        using var sha = SHA256.Create();
        using (var gzip = new GZipStream(file, CompressionLevel.Optimal, leaveOpen: true))
        using (var hashing = new CryptoStream(gzip, sha, CryptoStreamMode.Write, leaveOpen: true))
        {
            WriteDocument(hashing, cancellationToken);
        }

        return Convert.ToHexStringLower(sha.Hash!)[..8];
    }

    private void Select(CancellationToken cancellationToken)
    {
        foreach (var row in Observation().Where(o => IsNews(Entity.Observation, o.SyncId, RowHash.Of(o))))
        {
            cancellationToken.ThrowIfCancellationRequested();
            _observations.Add(row.SyncId);
            _sessions.Add(row.SessionId);
        }

        foreach (var row in Prompt().Where(p => IsNews(Entity.Prompt, p.SyncId, RowHash.Of(p))))
        {
            cancellationToken.ThrowIfCancellationRequested();
            _prompts.Add(row.SyncId);
            _sessions.Add(row.SessionId);
        }

        foreach (var row in Session())
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (IsNews(Entity.Session, row.Id, RowHash.Of(row)))
            {
                _changedSessions.Add(row.Id);
                _sessions.Add(row.Id);
            }
        }

        foreach (var tombstone in PromptTable.Tombstones(_db, _project))
        {
            AddDelete(Entity.Prompt, tombstone.SyncId, tombstone.Project, tombstone.DeletedAt,
                json => MutationPayload.Write(json, tombstone));
        }

        foreach (var (entity, key, version) in VersionTable.Gone(_db, _project))
        {
            if (entity == Entity.Observation)
            {
                AddDelete(entity, key, version.Project, version.Time,
                    json => MutationPayload.WriteHardDelete(json, key, "", version.Project, version.Time));
            }
            else if (entity == Entity.Session && VersionTable.DeletionTime(_db, key) is { } time)
            {
                AddDelete(entity, key, version.Project, time, json => MutationPayload.WriteSessionDelete(json, key, version.Project, time));
            }
        }
    }

    private IEnumerable<MemorySession> Session() =>
        _project is null ? MemorySessionTable.All(_db) : MemorySessionTable.OfProject(_db, _project);

    private IEnumerable<Observation> Observation() =>
        _project is null ? ObservationTable.All(_db) : ObservationTable.OfProject(_db, _project);

    private IEnumerable<Prompt> Prompt() => _project is null ? PromptTable.All(_db) : PromptTable.OfProject(_db, _project);

    /// <summary>No listed chunk has exactly this; it is noted as part of the new one then.</summary>
    private bool IsNews(string entity, string key, string hash)
    {
        if (ChunkTable.Holders(_db, ChunkTable.Local, entity, key).Any(h => h.Hash == hash && _listed.Contains(h.ChunkId)))
        {
            return false;
        }

        _hashes.Add((entity, key, hash));
        return true;
    }

    private void AddDelete(string entity, string key, string project, string time, Action<CanonicalWriter> payload)
    {
        var hash = RowHash.OfDelete(time);
        var holders = ChunkTable.Holders(_db, ChunkTable.Local, entity, key).Where(h => _listed.Contains(h.ChunkId)).ToList();
        if (holders.Count > 0 && holders.TrueForAll(h => h.Hash != hash))
        {
            _deletes.Add(Mutation(entity, key, MutationOp.Delete, project, time, payload));
            _hashes.Add((entity, key, hash));
        }
    }

    private static Mutation Mutation(string entity, string key, string op, string project, string time, Action<CanonicalWriter> write)
    {
        using var json = new CanonicalWriter();
        write(json);
        return new Mutation(entity, key, op, project, Encoding.UTF8.GetString(json.WrittenSpan), 0, time);
    }

    private void WriteDocument(Stream stream, CancellationToken cancellationToken)
    {
        using var json = new CanonicalWriter(stream);
        // Beside mutations a session that is only listed counts for nothing (4.4): changed ones are repeated as upserts.
        var upserts = _deletes.Count == 0 ? [] : Session().Where(s => _changedSessions.Contains(s.Id))
            .Select(static s => Mutation(Entity.Session, s.Id, MutationOp.Upsert, s.Project, s.StartedAt, w => MutationPayload.Write(w, s)))
            .ToList();
        Raw(json, stream, "{\"sessions\":"u8);
        List(json, stream, AllSessions(), RowJson.Write, cancellationToken);
        Raw(json, stream, ",\"observations\":"u8);
        List(json, stream, Observation().Where(o => _observations.Contains(o.SyncId)), RowJson.Write, cancellationToken);
        Raw(json, stream, ",\"prompts\":"u8);
        List(json, stream, Prompt().Where(p => _prompts.Contains(p.SyncId)), RowJson.Write, cancellationToken);
        if (_deletes.Count > 0)
        {
            Raw(json, stream, ",\"mutations\":"u8);
            List(json, stream, upserts.Concat(_deletes), static (w, m) => RowJson.Write(w, m, ChunkTable.Local), cancellationToken);
        }

        Raw(json, stream, "}"u8);
    }

    // A row of this project may refer to a session of another.
    private IEnumerable<MemorySession> AllSessions() =>
        _sessions.Select(id => MemorySessionTable.Find(_db, id)).OfType<MemorySession>()
            .OrderBy(static s => s.StartedAt, StringComparer.Ordinal)
            .ThenBy(static s => s.Id, StringComparer.Ordinal);

    private static void List<T>(
        CanonicalWriter json, Stream stream, IEnumerable<T> rows, Action<CanonicalWriter, T> write, CancellationToken cancellationToken)
    {
        Raw(json, stream, "["u8);
        var isFirst = true;
        foreach (var row in rows)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (!isFirst)
            {
                Raw(json, stream, ","u8);
            }

            isFirst = false;
            json.Reset();
            write(json, row);
            json.Flush();
        }

        Raw(json, stream, "]"u8);
    }

    private static void Raw(CanonicalWriter json, Stream stream, ReadOnlySpan<byte> text)
    {
        json.Flush();
        stream.Write(text);
    }
}
