using ArtifactSync.Archive;
using ArtifactSync.Wire;

namespace ArtifactSync.Memory;

/// <summary>
/// One write transaction on the memory plane. Own changes (edits, imports, chunks) go through it, so that row, version and journal
/// are written together (memory spec 5.3): journalled when the project is enrolled, else marked as never sent. What a pull
/// applies does not (<see cref="MutationApplier"/>): nothing that came from a server is sent back.
/// </summary>
/// <remarks>Call <see cref="Complete"/> before the commit.</remarks>
internal sealed partial class ChangeContext(Database db, TimeProvider clock, Random random) : IDisposable
{
    private readonly Dictionary<string, bool> _enrolled = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> _queued = new(StringComparer.Ordinal);
    private readonly CanonicalWriter _json = new();
    private readonly DateTimeOffset _now = clock.GetUtcNow();
    private bool? _hasVersions;

    public Database Db => db;

    /// <summary>
    /// What is written came from a server without its number (a cloud chunk, 4.4): it is never journalled, and its version is the number
    /// that is stored, else 0 (8.2).
    /// </summary>
    public bool IsFromServer { get; init; }

    /// <summary>The time of this transaction as stored text.</summary>
    public string Now => MemoryTime.Text(_now);

    /// <summary>The same in Unix milliseconds, for state tables.</summary>
    public long NowMs => _now.ToUnixTimeMilliseconds();

    /// <summary>How many rows this transaction journalled.</summary>
    public long Journalled { get; private set; }

    /// <summary>The time that long ago, as stored text.</summary>
    public string Before(TimeSpan span) => MemoryTime.Text(_now - span);

    /// <summary>
    /// Now, or a second after the deletion time of a session when that is not past (1.7): what is written then is not covered by it.
    /// </summary>
    public string AfterDeletion(string sessionId) =>
        FindVersion(VersionTable.SessionDeleted, sessionId) is { } deleted && MemoryTime.Parse(deleted.Time) is { } time
            && time.Seconds + 1 > _now.ToUnixTimeSeconds()
            ? MemoryTime.Text(DateTimeOffset.FromUnixTimeSeconds(time.Seconds + 1)) : Now;

    public string NewId(string prefix) => SyncId.New(prefix, random);

    /// <param name="project">Normalised; blank is never enrolled.</param>
    public bool IsEnrolled(string project)
    {
        if (!_enrolled.TryGetValue(project, out var enrolled))
        {
            _enrolled[project] = enrolled = MemoryProjectTable.IsEnrolled(db, project);
        }

        return enrolled;
    }

    /// <summary>The project that a row counts to: its own, else that of its session; normalised.</summary>
    public string ProjectOf(string? own, string? sessionId) =>
        MemoryText.IsBlank(own) ? MemoryText.Project(sessionId is null ? "" : MemorySessionTable.ProjectOf(db, sessionId))
            : MemoryText.Project(own);

    /// <summary>Writes what the journal owes to the state rows of its targets.</summary>
    public void Complete()
    {
        foreach (var (project, seq) in _queued)
        {
            MemoryTargetTable.SetEnqueued(db, MemoryTargetTable.OfProject(project), seq, NowMs);
        }

        if (_queued.Count > 0)
        {
            MemoryTargetTable.SetEnqueued(db, MemoryTargetTable.Cloud, _queued.Values.Max(), NowMs);
        }

        _queued.Clear();
    }

    public void Dispose() => _json.Dispose();

    // Most archives have no version rows at all: then nothing has to be looked up or removed, row by row.
    private bool HasVersions => _hasVersions ??= db.Scalar<bool>("SELECT 1 FROM memory_versions LIMIT 1");

    /// <summary>The version of an entity, as far as any is stored.</summary>
    public EntityVersion? FindVersion(string entity, string key) => HasVersions ? VersionTable.Find(db, entity, key) : null;

    /// <summary>The version after an own change: pending when it was journalled, else never sent.</summary>
    private void NoteOwn(string entity, string key, string time, VersionState state, string project)
    {
        if (IsFromServer)
        {
            // A change that waits to be sent is the later one; where it left the same state, its version says more than ours.
            if (entity == Entity.Observation || FindVersion(entity, key) is not { Seq: null } own || own.State != state)
            {
                PutVersion(entity, key, new EntityVersion(time, NumberOf(entity, key), state, project));
            }
        }
        else if (IsEnrolled(project))
        {
            PutVersion(entity, key, new EntityVersion(time, null, state, project));
        }
        else if (state == VersionState.Gone)
        {
            PutVersion(entity, key, new EntityVersion(time, EntityVersion.Unsent, state, project));
        }
        else if (HasVersions)
        {
            VersionTable.Remove(db, entity, key);
        }
    }

    /// <summary>Of what a server sent without a number: the number that is stored, never a lower one; else 0.</summary>
    private long NumberOf(string entity, string key) =>
        FindVersion(entity, key) is { Seq: > 0 and var number } ? number : EntityVersion.Unnumbered;

    /// <summary>Remembers the delete of something that was never here.</summary>
    public void NoteUnknown(string entity, string key, string time, string project) => PutVersion(
        entity, key, new EntityVersion(time, IsFromServer ? NumberOf(entity, key) : EntityVersion.Unsent, VersionState.Gone, project));

    public void PutVersion(string entity, string key, EntityVersion version)
    {
        VersionTable.Put(db, entity, key, version);
        _hasVersions = true;
    }

    private void Journal(string entity, string key, string op, string project, Action<CanonicalWriter> write)
    {
        if (IsFromServer || !IsEnrolled(project))
        {
            return;
        }

        _json.Reset();
        write(_json);
        var seq = JournalTable.Append(db, entity, key, op, project, _json.WrittenSpan, NowMs);
        if (PushCheck.Fault(entity, key, op, project, System.Text.Encoding.UTF8.GetString(_json.WrittenSpan)) is { } fault)
        {
            JournalTable.Quarantine(db, seq, fault, NowMs);
        }

        _queued[project] = seq;
        Journalled++;
    }
}
