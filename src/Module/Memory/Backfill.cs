using ArtifactSync.Archive;

namespace ArtifactSync.Memory;

/// <summary>
/// Journals what the server lacks of a project that was enrolled (memory spec 5.2, 5.3): once, at the end of the pass from 0 that it
/// owes, in the caller's transaction. Nothing of the project is sent before: an old edit would become the latest of the log.
/// </summary>
internal static class Backfill
{
    /// <returns>How many rows were journalled.</returns>
    public static long Run(ChangeContext change, string project)
    {
        var db = change.Db;
        var before = change.Journalled;
        JournalTable.RemoveOrphanedUpserts(db, project);

        // Collected first: the journal must not be written while the rows that it is about are being read.
        var owed = new List<(string Entity, string Key)>();
        var sessions = MemorySessionTable.OfProject(db, project).Where(s => MemoryText.Project(s.Project) == project);
        Collect(owed, db, Entity.Session, sessions.Select(s => s.Id));
        var observations = ObservationTable.OfProject(db, project).Select(o => o.SyncId);
        Collect(owed, db, Entity.Observation, observations.Distinct(StringComparer.Ordinal));
        Collect(owed, db, Entity.Prompt, PromptTable.OfProject(db, project).Select(p => p.SyncId).Distinct(StringComparer.Ordinal));
        Collect(owed, db, Entity.Prompt, PromptTable.Tombstones(db, project).Select(t => t.SyncId));
        Collect(owed, db, Entity.Relation, RelationTable.OfProject(db, project).Select(r => r.SyncId));
        owed.AddRange(VersionTable.Gone(db, project).Where(g => g.Entity != Entity.Prompt && g.Version.Seq == EntityVersion.Unsent)
            .Select(g => (g.Entity, g.Key)));
        foreach (var (entity, key) in owed)
        {
            change.Queue(entity, key);
        }

        MemoryProjectTable.SetBackfilled(db, project, change.NowMs);
        return change.Journalled - before;
    }

    private static void Collect(List<(string Entity, string Key)> owed, Database db, string entity, IEnumerable<string> keys) =>
        owed.AddRange(keys.ToList().Where(key => IsLacking(db, entity, key)).Select(key => (entity, key)));

    // A row without a version was never sent. Of a session one register that was not is enough.
    private static bool IsLacking(Database db, string entity, string key)
    {
        if (VersionTable.Find(db, entity, key) is not { Seq: not EntityVersion.Unsent })
        {
            return true;
        }

        return entity == Entity.Session && MemorySessionTable.Find(db, key) is { } row && SessionRegisters.Fields.Any(field =>
            !string.IsNullOrEmpty(SessionRegisters.Get(row, field))
            && VersionTable.Find(db, SessionRegisters.Entity(field), key) is not { Seq: not EntityVersion.Unsent });
    }
}
