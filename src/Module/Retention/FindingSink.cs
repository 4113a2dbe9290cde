using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Model;
using ArtifactSync.Sync;
using ArtifactSync.Wire;

namespace ArtifactSync.Retention;

/// <summary>Where verification and repair say what they find: an object each, and a row in their run.</summary>
/// <param name="archive">Whose store it is about.</param>
/// <param name="run">Null = a plan; nothing is recorded.</param>
/// <param name="stage">Of the rows: <c>verify</c>, <c>repair</c> or <c>reset</c>.</param>
/// <param name="emit">Gets each finding at once.</param>
internal sealed class FindingSink(ArchiveDatabase archive, RunRecorder? run, string stage, Func<ArtifactFinding, ValueTask> emit) : IDisposable
{
    private readonly SemaphoreSlim _one = new(1, 1);

    /// <summary>Empty for a plan.</summary>
    public string RunId { get; init; } = run?.RunId ?? "";

    public RunCounters Counters { get; } = run?.Counters ?? new RunCounters();

    public ValueTask FoundAsync(ArtifactRef artifact, string? target, ArtifactProblem problem, ErrorCode code, string message) =>
        TellAsync(new ArtifactFinding
        {
            Target = target, Origin = artifact.Origin, Kind = artifact.Kind, Name = artifact.Name, Problem = problem,
            ErrorCode = code.ToString(), ErrorMessage = message,
        });

    /// <summary>Something without a valid name; <paramref name="path"/> is relative to the store.</summary>
    public ValueTask StrayAsync(string path, string? target, string message) => TellAsync(new ArtifactFinding
    {
        Target = target, Origin = path.Split('/')[0], Name = path, Problem = ArtifactProblem.Stray,
        ErrorCode = nameof(ErrorCode.InvalidArtifactName), ErrorMessage = message,
        RecommendedAction = target is null ? "Repair-ArtifactStore moves it to the quarantine." : "Remove it there if nobody needs it.",
    });

    /// <summary>Emits and records. What was found and not put right is a failure of the run; what was is none.</summary>
    public async ValueTask TellAsync(ArtifactFinding finding)
    {
        var told = finding with
        {
            RunId = run?.RunId,
            ArchivePath = archive.Folder,
            RecommendedAction = finding.RecommendedAction ?? (IsOpen(finding) ? ErrorCatalog.Action(finding.ErrorCode) : null),
        };
        await _one.WaitAsync();
        try
        {
            if (finding.Action is FindingAction.Found or FindingAction.Left)
            {
                Counters.Findings++;
            }
            run?.Add("artifact", Key(told), stage, Status(told), Code(told), told.ErrorMessage);
            await emit(told);
        }
        finally
        {
            _one.Release();
        }
    }

    public void Dispose() => _one.Dispose();

    private static bool IsOpen(ArtifactFinding finding) => finding.Action is FindingAction.Found or FindingAction.Left or FindingAction.Planned;

    private static EntityStatus Status(ArtifactFinding finding) => finding.Action switch
    {
        FindingAction.Found or FindingAction.Left => EntityStatus.Failed,
        FindingAction.Awaited => EntityStatus.Deferred,
        FindingAction.Quarantined => EntityStatus.Skipped,
        _ => EntityStatus.Ok,
    };

    private static ErrorCode? Code(ArtifactFinding finding) =>
        Status(finding) == EntityStatus.Ok ? null : Enum.TryParse<ErrorCode>(finding.ErrorCode, out var code) ? code : ErrorCode.UnexpectedError;

    private static string Key(ArtifactFinding finding)
    {
        var path = finding.Kind is { } kind ? $"{finding.Origin}/{ArtifactName.KindDirectory(kind)}/{finding.Name}" : finding.Name.Length > 0 ? finding.Name : finding.Origin;
        return finding.Target is { } target ? $"{path} at {target}" : path;
    }
}
