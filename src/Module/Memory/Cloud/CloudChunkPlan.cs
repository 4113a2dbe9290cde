using System.Text;
using ArtifactSync.Archive;
using ArtifactSync.Wire;

namespace ArtifactSync.Memory.Cloud;

/// <summary>
/// The next cloud chunk of a project (memory spec 4.5): its pending changes with the rows and sessions that they are about. The last
/// pending change of an entity stands for those before it. What is not wholly in the row lists is not acked, because only these reach the
/// mutation log: deletes stay pending (they ride along once, for those who import chunks), and so do relations, sessions without directory
/// or of another project, rows of such sessions, and what has a delete pending. Reads; changes nothing.
/// </summary>
internal sealed class CloudChunkPlan
{
    /// <summary>Journal rows that are looked at for one chunk.</summary>
    public const int PageSize = 5000;

    private readonly Database _db;
    private readonly string _project;
    private readonly string _target;
    private readonly Dictionary<string, string> _sessions = new(StringComparer.Ordinal);
    private readonly List<string> _observations = [];
    private readonly List<string> _prompts = [];
    private readonly List<string> _mutations = [];
    private readonly List<MappedMutation> _acked = [];
    private readonly List<(string Entity, string Key, string Hash)> _deletes = [];
    private long _bytes;

    private CloudChunkPlan(Database db, string project) => (_db, _project, _target) = (db, project, MemoryTargetTable.OfProject(project));

    /// <summary>Null when there is nothing new.</summary>
    public CanonicalChunk? Chunk { get; private set; }

    /// <summary>The rows that may be acked when the server keeps the chunk.</summary>
    public IReadOnlyList<MappedMutation> Acked => _acked;

    /// <summary>Deletes that ride along, with what they are remembered by.</summary>
    public IReadOnlyList<(string Entity, string Key, string Hash)> Deletes => _deletes;

    /// <summary>The last journal row that was looked at; the next plan goes on behind it.</summary>
    public long LastSeq { get; private set; }

    /// <summary>There may be more behind <see cref="LastSeq"/>.</summary>
    public bool HasMore { get; private set; }

    /// <param name="db">One state of the archive: a snapshot.</param>
    /// <param name="project">Normalised.</param>
    /// <param name="afterSeq">Local number.</param>
    /// <param name="cancellationToken">Stops the search.</param>
    public static CloudChunkPlan Read(Database db, string project, long afterSeq, CancellationToken cancellationToken)
    {
        var plan = new CloudChunkPlan(db, project) { LastSeq = afterSeq };
        var count = 0;
        foreach (var entry in JournalTable.PendingOf(db, project, afterSeq))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (plan.HasMore = count == PageSize || !plan.Take(entry))
            {
                break;
            }

            (plan.LastSeq, count) = (entry.Seq, count + 1);
        }

        plan.Chunk = plan._mutations.Count == 0 ? null : CanonicalChunk.Read(plan.Document(), project);
        return plan;
    }

    /// <summary>False when the chunk is full: the entry belongs to the next one.</summary>
    private bool Take(JournalEntry entry)
    {
        var pending = JournalTable.PendingOf(_db, entry.Entity, entry.EntityKey);
        if (pending[^1].Seq != entry.Seq || !MemoryText.IsStorable(entry.EntityKey)
            || ChunkRules.Fault(entry.Entity, entry.EntityKey, entry.Op, entry.Payload, out var payload) is not null)
        {
            return true;
        }

        return entry.Op == MutationOp.Delete ? TakeDelete(entry, payload!) : TakeUpsert(entry, pending);
    }

    private bool TakeDelete(JournalEntry entry, RowFields payload)
    {
        var hash = RowHash.OfDelete(payload.Filled(Field.UpdatedAt) ?? payload.Filled(Field.DeletedAt) ?? "");
        if (ChunkTable.Holders(_db, _target, entry.Entity, entry.EntityKey).Any(holder => holder.Hash == hash))
        {
            return true; // rode along before
        }

        var room = Room(Mutation(entry), "", []);
        if (room == Fit.Yes)
        {
            _deletes.Add((entry.Entity, entry.EntityKey, hash));
        }

        return room != Fit.NotHere;
    }

    private bool TakeUpsert(JournalEntry entry, IReadOnlyList<JournalEntry> pending)
    {
        if (pending.Any(other => other.Op != MutationOp.Upsert || other.Project != _project) || Row(entry) is not ({ } row, var session))
        {
            return true;
        }

        var sessions = _sessions.ContainsKey(session.Id) ? [] : (MemorySession[])[session];
        var room = Room(Mutation(entry), entry.Entity == Entity.Session ? "" : row, sessions);
        if (room == Fit.Yes)
        {
            (entry.Entity switch { Entity.Observation => _observations, Entity.Prompt => _prompts, _ => null })?.Add(row);
            _acked.AddRange(pending.Select(other =>
                new MappedMutation(other.Seq, EntityVersion.Unnumbered, other.Entity, other.EntityKey, other.Op, other.Project)));
        }

        return room != Fit.NotHere;
    }

    /// <summary>The row as it is now, if it is live and may travel, and the session that it needs (its own, of a session).</summary>
    private (string? Row, MemorySession Session)? Row(JournalEntry entry)
    {
        var (row, sessionId) = entry.Entity switch
        {
            Entity.Observation when ObservationTable.Find(_db, entry.EntityKey) is { DeletedAt: null } observation =>
                (Json(json => MutationPayload.Write(json, observation)), observation.SessionId),
            Entity.Prompt when PromptTable.Find(_db, entry.EntityKey) is { } prompt =>
                (Json(json => MutationPayload.Write(json, prompt)), prompt.SessionId),
            Entity.Session => ("", entry.EntityKey),
            _ => (null, ""),
        };
        if (row is null || MemorySessionTable.Find(_db, sessionId) is not { } session || MemoryText.Project(session.Project) != _project
            || MemoryText.IsBlank(session.Directory) || !MemoryText.IsStorable(session.Id))
        {
            return null;
        }

        // What a server sent may have replaced what was journalled (8.2): the row counts.
        return row.Length == 0 || ChunkRules.Fault(entry.Entity, entry.EntityKey, MutationOp.Upsert, row, out _) is null
            ? (row, session) : null;
    }

    private enum Fit { Yes, NotHere, Nowhere }

    /// <summary>Adds a mutation with its session if there is room; what no chunk has room for stays to the mutation push.</summary>
    private Fit Room(string mutation, string row, MemorySession[] sessions)
    {
        List<(string Id, string Json)> added = [.. sessions.Select(s => (s.Id, Json(json => MutationPayload.Write(json, s))))];
        var size = Size(mutation) + Size(row) + added.Sum(session => Size(session.Json));
        if (_bytes + size > PushBatch.MaxEntryBytes)
        {
            return _mutations.Count > 0 ? Fit.NotHere : Fit.Nowhere;
        }

        added.ForEach(session => _sessions.Add(session.Id, session.Json));
        _mutations.Add(mutation);
        _bytes += size;
        return Fit.Yes;
    }

    // The canonical form may name the project once more, in the payload with escapes.
    private long Size(string json) => Encoding.UTF8.GetByteCount(json) + (6L * _project.Length) + 32;

    private static string Mutation(JournalEntry entry)
    {
        var at = MemoryTime.Text(DateTimeOffset.FromUnixTimeMilliseconds(entry.OccurredAt));
        var mutation = new Mutation(entry.Entity, entry.EntityKey, entry.Op, entry.Project, entry.Payload, entry.Seq, at);
        return Json(json => RowJson.Write(json, mutation, MemoryTargetTable.Cloud));
    }

    private byte[] Document() => Encoding.UTF8.GetBytes(
        $$"""{"sessions":{{List(_sessions.Values)}},"observations":{{List(_observations)}},"prompts":{{List(_prompts)}},"mutations":{{List(_mutations)}}}""");

    private static string List(IEnumerable<string> rows) => $"[{string.Join(',', rows)}]";

    private static string Json(Action<CanonicalWriter> write)
    {
        using var json = new CanonicalWriter();
        write(json);
        return Encoding.UTF8.GetString(json.WrittenSpan);
    }
}
