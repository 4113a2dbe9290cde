namespace ArtifactSync.Model;

/// <summary>What became of a surgical run, as the target of its error: plain data that turns into JSON.</summary>
/// <param name="Total">Items that the run was asked for.</param>
public sealed record SurgicalFailureReport(string? RunId, string? Project, long Total, IReadOnlyList<SurgicalFailure> Failures)
{
    /// <summary>From a run with its entities.</summary>
    public static SurgicalFailureReport Of(SyncRun run) => new(run.RunId, run.Project, run.Counters.Requested, [
        .. run.Entities.Where(e => e is { Iid: not null, Status: EntityStatus.Failed }).Select(e => new SurgicalFailure
        {
            EntityType = e.EntityType,
            Iid = e.Iid!.Value,
            Stage = e.Stage,
            Code = e.ErrorCode ?? "",
            HttpStatus = e.HttpStatus,
            Message = e.ErrorMessage ?? "",
            Retryable = Enum.TryParse<Errors.ErrorCode>(e.ErrorCode, out var code) && Errors.ErrorCatalog.IsRetryable(code),
            Action = e.RecommendedAction ?? "",
            RetryAfterSeconds = e.RetryAfterSeconds,
        })]);

    /// <summary><c>group/app: issue 7 NotFound, issue 9 RateLimited</c>.</summary>
    public override string ToString() => $"{Project}: {string.Join(", ", Failures.Select(f => $"{f.EntityType} {f.Iid} {f.Code}"))}";
}

/// <summary>Why one item failed, and what helps.</summary>
public sealed record SurgicalFailure
{
    public string EntityType { get; init; } = "";
    public long Iid { get; init; }
    public string Stage { get; init; } = "";
    public string Code { get; init; } = "";
    public int? HttpStatus { get; init; }
    public string Message { get; init; } = "";
    public bool Retryable { get; init; }
    public string Action { get; init; } = "";
    public long? RetryAfterSeconds { get; init; }
}
