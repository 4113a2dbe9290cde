using ArtifactSync.Archive;
using ArtifactSync.Errors;

namespace ArtifactSync.Memory;

/// <summary>
/// Merges rows of a JSON export or of a chunk into the archive, last writer wins (memory spec 3, 4.4). Rows come in the order
/// sessions, observations, prompts; each sees those before it.
/// </summary>
/// <param name="before">Called with every key that is about to be looked up: a plan fetches it there.</param>
internal sealed partial class RowMerge(ChangeContext change, MergeRules rules, Action<string, string>? before = null)
{
    // Sessions that are gone here and whose start does not bring them back: a row that wins and refers to one does.
    private readonly Dictionary<string, MemorySession> _buried = new(StringComparer.Ordinal);
    private readonly HashSet<string> _sessions = new(StringComparer.Ordinal);

    private Database Db => change.Db;

    public MergeCounts Counts { get; } = new();

    /// <summary>Inserts a session, or fills what is missing here.</summary>
    public MemorySession Session(MemorySession raw)
    {
        before?.Invoke(Entity.Session, raw.Id);
        var row = raw with
        {
            Project = MemoryText.Project(raw.Project),
            StartedAt = MemoryText.IsBlank(raw.StartedAt) ? change.Now : raw.StartedAt,
        };
        if (MemorySessionTable.Find(Db, raw.Id) is { } local)
        {
            Counts.OtherChanges += change.SaveSession(rules.IsChunk ? KeepUnsent(local, Combine(local, row)) : Fill(local, row)) ? 1 : 0;
        }
        else if (IsBuried(row))
        {
            _buried[row.Id] = row;
        }
        else
        {
            Insert(row);
        }

        return row;
    }

    /// <summary>Merges an observation by its version; of a chunk, a row with a deletion time is a delete.</summary>
    /// <returns>The row as it is stored when it wins.</returns>
    public Observation Observation(Observation raw)
    {
        var key = MemoryText.IsBlank(raw.SyncId) ? SyncId.Derive(raw) : raw.SyncId;
        before?.Invoke(Entity.Observation, key);
        var local = ObservationTable.FindHead(Db, key);
        var row = Prepare(raw, key, local);
        var isDelete = rules.IsChunk && row.DeletedAt is not null;
        if (!Wins(row.UpdatedAt, isDelete, isHard: false, key, local, hasVersion: !MemoryText.IsBlank(raw.UpdatedAt) || isDelete))
        {
            Counts.ObservationsSkipped++;
            return row;
        }

        RequireSession(row.SessionId, Entity.Observation, key);
        change.SaveObservation(row);
        _ = local is null ? Counts.ObservationsInserted++ : Counts.ObservationsUpdated++;
        return row;
    }

    /// <summary>Inserts a prompt that is not known and was not deleted later than it was made.</summary>
    public Prompt Prompt(Prompt raw)
    {
        var key = MemoryText.IsBlank(raw.SyncId) ? SyncId.Derive(raw) : raw.SyncId;
        before?.Invoke(Entity.Prompt, key);
        before?.Invoke(Entity.Session, raw.SessionId);
        var row = raw with
        {
            SyncId = key,
            Project = MemoryText.Project(raw.Project),
            CreatedAt = MemoryText.IsBlank(raw.CreatedAt) ? change.Now : raw.CreatedAt,
        };
        var tombstone = PromptTable.FindTombstone(Db, key)?.DeletedAt;
        var sessionDeleted = change.FindVersion(VersionTable.SessionDeleted, row.SessionId)?.Time;
        if (IsNotLater(raw.CreatedAt, tombstone) || IsNotLater(raw.CreatedAt, sessionDeleted) || PromptTable.Exists(Db, key))
        {
            Bury(row, tombstone, sessionDeleted);
            Counts.PromptsSkipped++;
            return row;
        }

        RequireSession(row.SessionId, Entity.Prompt, key);
        change.AddPrompt(row);
        Counts.PromptsInserted++;
        return row;
    }

    /// <summary>
    /// A prompt that is refused only for its session leaves a tombstone, as in a pull (8.3): the session may be back here for another row, and
    /// then nothing else of its delete is exported.
    /// </summary>
    private void Bury(Prompt row, string? tombstone, string? sessionDeleted)
    {
        if (tombstone is null && sessionDeleted is not null && !PromptTable.Exists(Db, row.SyncId))
        {
            change.NoteTombstone(new Tombstone(row.SyncId, row.SessionId, change.ProjectOf(row.Project, row.SessionId), sessionDeleted));
            Counts.OtherChanges++;
        }
    }

    private static bool IsNotLater(string time, string? deleted) => deleted is not null && !MemoryTime.IsLater(time, deleted);

    /// <summary>The row as it is stored (3.2 step 5).</summary>
    private Observation Prepare(Observation raw, string key, ObservationHead? local)
    {
        var created = !MemoryText.IsBlank(raw.CreatedAt) ? raw.CreatedAt
            : local?.CreatedAt ?? (MemoryText.IsBlank(raw.UpdatedAt) || rules.IsChunk ? change.Now : raw.CreatedAt);
        var deleted = MemoryText.IsBlank(raw.DeletedAt) ? null : raw.DeletedAt;
        return raw with
        {
            Id = local?.Id ?? 0,
            SyncId = key,
            Project = raw.Project is null ? null : MemoryText.Project(raw.Project),
            Scope = MemoryText.Scope(raw.Scope),
            TopicKey = rules.IsChunk ? (MemoryText.IsBlank(raw.TopicKey) ? null : raw.TopicKey) : MemoryText.TopicKey(raw.TopicKey),
            RevisionCount = MemoryText.Count(raw.RevisionCount),
            DuplicateCount = MemoryText.Count(raw.DuplicateCount),
            CreatedAt = created,
            UpdatedAt = !MemoryText.IsBlank(raw.UpdatedAt) ? raw.UpdatedAt : (rules.IsChunk ? deleted : null) ?? created,
            DeletedAt = deleted,
        };
    }

    /// <summary>Whether an incoming state replaces what is stored.</summary>
    private bool Wins(string time, bool isDelete, bool isHard, string key, ObservationHead? local, bool hasVersion)
    {
        if (rules.LeavesUnsent && IsUnsent(Entity.Observation, key))
        {
            return false;
        }

        if (local is not { } row)
        {
            // Deleted for good here: only what is newer comes back.
            return change.FindVersion(Entity.Observation, key) is not { State: VersionState.Gone } gone
                || MemoryTime.IsLater(time, gone.Time);
        }

        if (!hasVersion)
        {
            return false;
        }

        if (MemoryTime.IsLater(time, row.UpdatedAt))
        {
            return true;
        }

        // In chunks a delete wins a tie against a live row, one for good against any row.
        return isDelete && MemoryTime.Parse(time) is { } instant && instant == MemoryTime.Parse(row.UpdatedAt)
            && (isHard || !row.IsDeleted);
    }

    private static MemorySession Fill(MemorySession local, MemorySession row) => local with
    {
        Project = MemoryText.IsBlank(local.Project) ? row.Project : local.Project,
        Directory = MemoryText.IsBlank(local.Directory) ? row.Directory : local.Directory,
        EndedAt = MemoryText.IsBlank(local.EndedAt) && !MemoryText.IsBlank(row.EndedAt) ? row.EndedAt : local.EndedAt,
        Summary = MemoryText.IsBlank(local.Summary) && !MemoryText.IsBlank(row.Summary) ? row.Summary : local.Summary,
    };

    // Symmetric, so that machines that read the same chunks in any order agree (4.4).
    private static MemorySession Combine(MemorySession local, MemorySession row)
    {
        var takesEnd = Compare((row.EndedAt, row.Summary), (local.EndedAt, local.Summary)) > 0;
        return Fill(local, row) with
        {
            StartedAt = MemoryTime.Later(local.StartedAt, row.StartedAt),
            EndedAt = takesEnd ? row.EndedAt : local.EndedAt,
            Summary = takesEnd ? row.Summary : local.Summary,
        };
    }

    /// <summary>
    /// Of a cloud chunk: fields whose own change waits to be sent stay, since that change comes later in the log than the chunk. End and
    /// summary are one pair.
    /// </summary>
    private MemorySession KeepUnsent(MemorySession local, MemorySession merged)
    {
        if (!change.IsFromServer)
        {
            return merged;
        }

        List<string> kept = [.. SessionRegisters.Fields.Where(field => IsUnsent(SessionRegisters.Entity(field), local.Id))];
        if (kept.Contains("ended_at") || kept.Contains("summary"))
        {
            kept.AddRange(["ended_at", "summary"]);
        }

        return kept.Aggregate(merged, (row, field) => SessionRegisters.Set(row, field, SessionRegisters.Get(local, field)));
    }

    private bool IsUnsent(string entity, string key) => change.FindVersion(entity, key) is { Seq: null };

    private static int Compare((string? EndedAt, string? Summary) left, (string? EndedAt, string? Summary) right)
    {
        var byTime = (MemoryTime.Parse(left.EndedAt), MemoryTime.Parse(right.EndedAt)) switch
        {
            ({ } a, { } b) => a.CompareTo(b),
            ({ }, null) => 1,
            (null, { }) => -1,
            _ => 0,
        };
        return byTime != 0 ? byTime
            : string.CompareOrdinal(left.EndedAt, right.EndedAt) is not 0 and var byText ? byText
            : string.CompareOrdinal(left.Summary, right.Summary);
    }

    private bool IsBuried(MemorySession row) =>
        change.FindVersion(VersionTable.SessionDeleted, row.Id) is { } deleted && !MemoryTime.IsLater(row.StartedAt, deleted.Time);

    private void Insert(MemorySession row)
    {
        change.SaveSession(row);
        Counts.SessionsImported++;
    }

    private void RequireSession(string id, string entity, string key)
    {
        if (_sessions.Contains(id))
        {
            return;
        }

        before?.Invoke(Entity.Session, id);
        if (!MemorySessionTable.Exists(Db, id))
        {
            Insert(_buried.Remove(id, out var buried) ? buried : throw new ArtifactSyncException(
                ErrorCode.MemorySessionMissing,
                $"The {entity} '{key}' belongs to session '{id}', which is neither here nor in what is imported. Nothing of it was stored.",
                id));
        }

        _sessions.Add(id);
    }
}

/// <summary>Where merged rows come from: the rules differ in ties, in what becomes of sessions, and in topic keys.</summary>
/// <param name="LeavesUnsent">
/// Observations with a change that was not sent yet stay as they are: that change will be the later one in the log anyway.
/// </param>
internal readonly record struct MergeRules(bool IsChunk, bool LeavesUnsent = false)
{
    public static readonly MergeRules Json = new(IsChunk: false);
    public static readonly MergeRules Chunk = new(IsChunk: true);

    /// <summary>Of chunks that a server keeps (4.4).</summary>
    public static MergeRules CloudChunk(MemoryOrder order) => new(IsChunk: true, LeavesUnsent: order == MemoryOrder.LogOrder);
}
