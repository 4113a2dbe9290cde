using ArtifactSync.Archive;

namespace ArtifactSync.Memory;

/// <summary><c>memory_answers</c>: entities that a pull journals again, as stored, at its end (memory spec 8.3 "Answers").</summary>
internal static class AnswerTable
{
    public static void Add(Database db, string entity, string key) => db.Execute(
        "INSERT INTO memory_answers(entity, entity_key) VALUES (?, ?) ON CONFLICT DO NOTHING", entity, key);

    public static IReadOnlyList<(string Entity, string Key)> All(Database db) =>
        [.. db.Query("SELECT entity, entity_key FROM memory_answers ORDER BY entity DESC, entity_key", static row => (row.Text(0),
            row.Text(1)))];

    public static void Remove(Database db, string entity, string key) =>
        db.Execute("DELETE FROM memory_answers WHERE entity = ? AND entity_key = ?", entity, key);
}
