using ArtifactSync.Archive;

namespace ArtifactSync.Memory;

/// <summary>
/// A session is six registers (memory spec 8.3): its state (entity <c>session</c>) and five fields, each with a number of its own, so
/// that a stale upsert still fills what is older.
/// </summary>
internal static class SessionRegisters
{
    public static readonly IReadOnlyList<string> Fields = ["project", "directory", "started_at", "ended_at", "summary"];

    public static string Entity(string field) => $"session.{field}";

    public static string? Get(MemorySession row, string field) => field switch
    {
        "project" => row.Project,
        "directory" => row.Directory,
        "started_at" => row.StartedAt,
        "ended_at" => row.EndedAt,
        _ => row.Summary,
    };

    public static MemorySession Set(MemorySession row, string field, string? value) => field switch
    {
        "project" => row with { Project = value ?? "" },
        "directory" => row with { Directory = value ?? "" },
        "started_at" => row with { StartedAt = value ?? "" },
        "ended_at" => row with { EndedAt = value },
        _ => row with { Summary = value },
    };

    /// <summary>A delete makes these blank; project and start keep their value.</summary>
    public static bool IsBlankedByDelete(string field) => field is "directory" or "ended_at" or "summary";

    /// <summary>Notes an own write of the session: its state and the fields that are not blank; of a delete all of them.</summary>
    /// <param name="seq">Null when it was journalled, else -1.</param>
    public static void NoteOwn(Database db, MemorySession row, long? seq, VersionState state)
    {
        Note(db, Memory.Entity.Session, row.Id, seq, state, row.Project);
        foreach (var field in Fields)
        {
            if (state == VersionState.Gone || !string.IsNullOrEmpty(Get(row, field)))
            {
                Note(db, Entity(field), row.Id, seq, state, row.Project);
            }
        }
    }

    private static void Note(Database db, string entity, string id, long? seq, VersionState state, string project)
    {
        if (seq == EntityVersion.Unsent && state != VersionState.Gone)
        {
            VersionTable.Remove(db, entity, id);
        }
        else
        {
            VersionTable.Put(db, entity, id, new EntityVersion("", seq, state, project));
        }
    }
}
