using ArtifactSync.Archive;

namespace ArtifactSync.Memory.Cloud;

/// <summary>Every entity of some enrolled projects as it was at one moment, in a small record each (memory spec 7.7 step 1).</summary>
internal sealed class ProofSnapshot
{
    private readonly Dictionary<(string Entity, string Key), ProofRow> _rows = [];

    private ProofSnapshot(long cursor) => Cursor = cursor;

    public long Cursor { get; }

    /// <summary>Sessions first.</summary>
    public IEnumerable<ProofRow> Rows => _rows.Values;

    public HashSet<(string Entity, string Key)> Pending { get; } = [];

    public HashSet<(string Entity, string Key)> Quarantined { get; } = [];

    public HashSet<(string Entity, string Key)> Acked { get; } = [];

    public bool Has(string entity, string key) => _rows.ContainsKey((entity, key));

    public ProofRow? Find(string entity, string key) => _rows.GetValueOrDefault((entity, key));

    public static ProofSnapshot Read(Database db, IReadOnlyList<string> projects)
    {
        using var moment = db.Snapshot();
        var snapshot = new ProofSnapshot(MemoryTargetTable.Cursor(db));
        foreach (var project in projects)
        {
            snapshot.Add(db, project);
        }

        JournalTable.EachKey(db, snapshot.Note);
        return snapshot;
    }

    private void Add(Database db, string project)
    {
        foreach (var row in MemorySessionTable.OfProject(db, project).Where(row => MemoryText.Project(row.Project) == project))
        {
            Put(ProofRow.OfSession(db, row.Id, Version(db, Entity.Session, row.Id, "", VersionState.Live, project), row));
        }

        foreach (var row in ObservationTable.OfProject(db, project)) // of one sync id the last counts
        {
            var state = row.DeletedAt is null ? VersionState.Live : VersionState.Deleted;
            Put(new ProofRow(
                Entity.Observation, row.SyncId, project, Version(db, Entity.Observation, row.SyncId, row.UpdatedAt, state, project),
                    ProofRow.Of(row)));
        }

        foreach (var row in PromptTable.OfProject(db, project))
        {
            Put(new ProofRow(
                Entity.Prompt, row.SyncId, project, Version(db, Entity.Prompt, row.SyncId, row.CreatedAt, VersionState.Live, project),
                    ProofRow.Of(row)));
        }

        foreach (var row in RelationTable.OfProject(db, project))
        {
            Put(new ProofRow(
                Entity.Relation, row.SyncId, project, Version(db, Entity.Relation, row.SyncId, "", VersionState.Live, project),
                    RowHash.Of(row)));
        }

        foreach (var (entity, key, version) in VersionTable.Gone(db, project))
        {
            if (!Has(entity, key))
            {
                Put(new ProofRow(entity, key, project, version, ""));
            }
        }

        foreach (var row in PromptTable.Tombstones(db, project).Where(row => !Has(Entity.Prompt, row.SyncId)))
        {
            Put(new ProofRow(
                Entity.Prompt, row.SyncId, project, Version(db, Entity.Prompt, row.SyncId, row.DeletedAt, VersionState.Gone, project), ""));
        }
    }

    private void Note(string entity, string key, bool isAcked, bool isQuarantined) =>
        (isAcked ? Acked : isQuarantined ? Quarantined : Pending).Add((entity, key));

    private void Put(ProofRow row) => _rows[(row.Entity, row.Key)] = row;

    // No version row beside a data row: never sent.
    private static EntityVersion Version(Database db, string entity, string key, string time, VersionState state, string project) =>
        (VersionTable.Find(db, entity, key) ?? new EntityVersion(time, EntityVersion.Unsent, state, project)) with { State = state };
}
