using System.Collections;
using System.Globalization;
using ArtifactSync.Model;
using ArtifactSync.Sync;

namespace ArtifactSync.Cmdlets.Completion;

/// <summary>Run ids, the newest first; beside -RetryFailed only those that can be retried.</summary>
public sealed class RunIdCompleter : ArchiveCompleter
{
    private protected override IEnumerable<Suggestion> Suggest(SyncEngine engine, string word, IDictionary bound) =>
        engine.GetRuns(new RunQuery { Last = Recent.Count, Retryable = bound.Contains("RetryFailed") })
            .Where(run => run.RunId is not null)
            .Select(run => new Suggestion(run.RunId!, string.Create(CultureInfo.InvariantCulture,
                $"{run.Kind} {run.Status} {run.StartedAt.LocalDateTime:yyyy-MM-dd HH:mm} {run.Target}")));
}

/// <summary>Targets of earlier exchanges.</summary>
public sealed class TargetCompleter : ArchiveCompleter
{
    private protected override IEnumerable<Suggestion> Suggest(SyncEngine engine, string word, IDictionary bound) =>
        engine.GetRuns(new RunQuery { Last = Recent.Count, Kinds = [RunKind.Exchange] })
            .Where(run => run.Target is not null)
            .Select(run => new Suggestion(run.Target!, string.Create(CultureInfo.InvariantCulture,
                $"last used {run.StartedAt.LocalDateTime:yyyy-MM-dd HH:mm}")));
}

/// <summary>Ids of the latest sessions.</summary>
public sealed class SessionIdCompleter : ArchiveCompleter
{
    private protected override IEnumerable<Suggestion> Suggest(SyncEngine engine, string word, IDictionary bound) =>
        Recent.Sessions(engine)
            .Select(session => new Suggestion(session.SessionId, session.Name ?? session.FirstMessage ?? session.Project));
}

/// <summary>Projects of the latest sessions that match.</summary>
public sealed class ProjectCompleter : ArchiveCompleter
{
    private protected override IEnumerable<Suggestion> Suggest(SyncEngine engine, string word, IDictionary bound) =>
        Recent.Sessions(engine)
            .Where(session => session.Project.Length > 0).Select(session => new Suggestion(session.Project, session.Project));
}

/// <summary>Origins of the latest sessions.</summary>
public sealed class OriginCompleter : ArchiveCompleter
{
    private protected override IEnumerable<Suggestion> Suggest(SyncEngine engine, string word, IDictionary bound) =>
        Recent.Sessions(engine).Where(session => session.Origin is not null)
            .Select(session => new Suggestion(session.Origin!, session.IsOwn ? "this machine" : "another machine"));
}

/// <summary>Artifacts in the quarantine.</summary>
public sealed class ArtifactIdCompleter : ArchiveCompleter
{
    private protected override IEnumerable<Suggestion> Suggest(SyncEngine engine, string word, IDictionary bound) =>
        engine.GetQuarantined(new QuarantineQuery()).Select(artifact => new Suggestion(
            artifact.ArtifactId.ToString(CultureInfo.InvariantCulture), $"{artifact.Origin} {artifact.Kind} {artifact.ErrorCode}"));
}

/// <summary>Completion looks at the recent past only: a key press must not read the whole archive.</summary>
internal static class Recent
{
    public const int Count = 500;

    public static IEnumerable<ArchiveSession> Sessions(SyncEngine engine) => engine.GetSessions(new SessionQuery { First = Count });
}

/// <summary>Projects of tracked issues and merge requests.</summary>
public sealed class TrackedProjectCompleter : ArchiveCompleter
{
    private protected override IEnumerable<Suggestion> Suggest(SyncEngine engine, string word, IDictionary bound)
    {
        var query = new TrackedQuery { Project = word + "*", First = Recent.Count };
        return engine.GetIssues(query).Cast<TrackedEntity>().Concat(engine.GetMergeRequests(query))
            .Select(entity => new Suggestion(entity.Project, entity.InstanceUrl));
    }
}
