using System.Collections;
using System.Globalization;
using ArtifactSync.Model;
using ArtifactSync.Sync;

namespace ArtifactSync.Cmdlets.Completion;

/// <summary>Projects of the memory plane that are enrolled or have changes waiting.</summary>
public sealed class MemoryProjectCompleter : ArchiveCompleter
{
    private protected override IEnumerable<Suggestion> Suggest(SyncEngine engine, string word, IDictionary bound) =>
        engine.GetSyncStates([]).Where(state => state.Project is not null)
            .Select(state => new Suggestion(state.Project!, string.Create(CultureInfo.InvariantCulture, $"{state.Lifecycle}, {state.Pending} pending")));
}

/// <summary>Memory servers of earlier runs.</summary>
public sealed class MemoryTargetCompleter : ArchiveCompleter
{
    private protected override IEnumerable<Suggestion> Suggest(SyncEngine engine, string word, IDictionary bound) =>
        engine.GetRuns(new RunQuery { Last = Recent.Count, Kinds = [RunKind.MemorySync] })
            .Where(run => run.Target is not null)
            .Select(run => new Suggestion(run.Target!, string.Create(CultureInfo.InvariantCulture, $"last used {run.StartedAt.LocalDateTime:yyyy-MM-dd HH:mm}")));
}
