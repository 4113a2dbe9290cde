using System.Collections;
using System.Globalization;
using ArtifactSync.Model;
using ArtifactSync.Sync;

namespace ArtifactSync.Cmdlets.Completion;

/// <summary>Projects of the latest memories, and those that are enrolled.</summary>
public sealed class MemoryProjectCompleter : ArchiveCompleter
{
    private protected override IEnumerable<Suggestion> Suggest(SyncEngine engine, string word, IDictionary bound) =>
        engine.GetMemoryProjects().Select(p => new Suggestion(p.Project, "enrolled"))
            .Concat(RecentMemory.All(engine).Where(m => m.Project.Length > 0).Select(m => new Suggestion(m.Project, m.Project)));
}

/// <summary>Ids of the latest memories.</summary>
public sealed class MemoryIdCompleter : ArchiveCompleter
{
    private protected override IEnumerable<Suggestion> Suggest(SyncEngine engine, string word, IDictionary bound) =>
        RecentMemory.All(engine).Select(m => new Suggestion(m.SyncId, m.Title.Length > 0 ? m.Title : m.Type));
}

/// <summary>Types of the latest memories.</summary>
public sealed class MemoryTypeCompleter : ArchiveCompleter
{
    private protected override IEnumerable<Suggestion> Suggest(SyncEngine engine, string word, IDictionary bound) =>
        RecentMemory.All(engine).Where(m => m.Type.Length > 0).Select(m => new Suggestion(m.Type, m.Type));
}

/// <summary>Memory servers of earlier runs.</summary>
public sealed class MemoryTargetCompleter : ArchiveCompleter
{
    private protected override IEnumerable<Suggestion> Suggest(SyncEngine engine, string word, IDictionary bound) =>
        engine.GetRuns(new RunQuery { Last = Recent.Count, Kinds = [RunKind.MemorySync] })
            .Where(run => run.Target is not null)
            .Select(run => new Suggestion(run.Target!, string.Create(CultureInfo.InvariantCulture, $"last used {run.StartedAt.LocalDateTime:yyyy-MM-dd HH:mm}")));
}

/// <summary>The recent past only, as <see cref="Recent"/>.</summary>
internal static class RecentMemory
{
    public static IEnumerable<ArchiveMemory> All(SyncEngine engine) => engine.GetMemories(new MemoryQuery { First = Recent.Count, IncludeDeleted = true });
}
