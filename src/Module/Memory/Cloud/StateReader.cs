using ArtifactSync.Archive;
using ArtifactSync.Model;

namespace ArtifactSync.Memory.Cloud;

/// <summary>State rows as objects: the server first, then the projects that are enrolled or have something pending.</summary>
internal static class StateReader
{
    public static IEnumerable<SyncState> Read(Database db, IReadOnlyList<string> projects, string archivePath)
    {
        var server = MemoryTargetTable.Read(db);
        var owing = MemoryProjectTable.Owing(db).ToHashSet(StringComparer.Ordinal);
        var pending = JournalTable.CountPending(db).ToDictionary(count => count.Project, count => count.Count, StringComparer.Ordinal);
        var quarantined = JournalTable.CountQuarantined(db);
        var waiting = DeferredTable.CountByProject(db);
        var enrolled = MemoryProjectTable.Enrolled(db);
        if (projects.Count == 0)
        {
            yield return State(server, null, archivePath) with
            {
                Target = server.ServerUrl is { } url ? "engram+" + url
                    : null, Cursor = server.Cursor, MemoryOrder = server.Order.ToString(),
                Pending = pending.Values.Sum(), Quarantined = quarantined.Values.Sum(), OwesPass = server.Owes != OwedPass.None
                    || owing.Count > 0,
                Deferred = waiting.Values.Sum(count => count.Deferred), Dead = waiting.Values.Sum(count => count.Dead),
            };
        }

        foreach (
            var project in projects.Count > 0 ? projects
                : [.. enrolled.Union(pending.Keys, StringComparer.Ordinal).Where(p => p.Length > 0).Order(StringComparer.Ordinal)])
        {
            var (deferred, dead) = waiting.GetValueOrDefault(project);
            yield return State(MemoryTargetTable.Read(db, MemoryTargetTable.OfProject(project)), project, archivePath) with
            {
                Enrolled = enrolled.Contains(project, StringComparer.Ordinal), Pending = pending.GetValueOrDefault(project),
                Quarantined = quarantined.GetValueOrDefault(project), Deferred = deferred, Dead = dead, OwesPass = owing.Contains(project),
            };
        }
    }

    private static SyncState State(TargetState row, string? project, string archivePath) => new()
    {
        TargetKey = row.TargetKey, Project = project, Lifecycle = row.Lifecycle, ConsecutiveFailures = row.ConsecutiveFailures,
        BackoffUntil = Time(row.BackoffUntil), ReasonCode = row.ReasonCode, ReasonMessage = row.ReasonMessage,
        LastSyncAt = Time(row.LastSyncAt), ArchivePath = archivePath,
    };

    private static DateTimeOffset? Time(long? milliseconds) => milliseconds is { } at ? DateTimeOffset.FromUnixTimeMilliseconds(at) : null;
}
