using System.Security.Cryptography;
using System.Text.Json;
using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Model;

namespace ArtifactSync.Tracker;

/// <summary>An issue or merge request as a row has it. Times: Unix milliseconds UTC.</summary>
internal sealed record EntityRow
{
    public required TrackedItem Item { get; init; }
    public required long GitLabId { get; init; }
    public required string Title { get; init; }
    public string? Description { get; init; }
    public required string State { get; init; }
    public string? IssueType { get; init; }
    public bool Confidential { get; init; }
    public bool Draft { get; init; }
    public string? Author { get; init; }
    public string? Milestone { get; init; }
    public string? DueDate { get; init; }
    public string? SourceBranch { get; init; }
    public string? TargetBranch { get; init; }
    public string? Sha { get; init; }
    public string? MergeCommitSha { get; init; }
    public required string LabelsJson { get; init; }
    public required string AssigneesJson { get; init; }
    public required string ReviewersJson { get; init; }
    public long? MovedToId { get; init; }
    public string? WebUrl { get; init; }
    public required long CreatedAt { get; init; }
    public required long UpdatedAt { get; init; }
    public long? MergedAt { get; init; }
    public long? ClosedAt { get; init; }
    /// <summary>SHA-256 over the stable members: what the server computes anew all the time is left out.</summary>
    public string ContentHash { get; private init; } = "";

    /// <exception cref="GitLabFault">InvalidResponse: something that every item has is missing.</exception>
    public static EntityRow Of(TrackedItem item, GitLabIssue entity)
    {
        GitLabFault Missing(string member) => new(ErrorCode.InvalidResponse, $"{item} has no {member}.", 200);
        var row = new EntityRow
        {
            Item = item,
            GitLabId = entity.Id ?? throw Missing("id"),
            Title = entity.Title ?? "",
            Description = entity.Description,
            State = entity.State ?? throw Missing("state"),
            IssueType = entity.IssueType,
            Confidential = entity.Confidential ?? false,
            Draft = entity.Draft ?? entity.WorkInProgress ?? false,
            Author = entity.Author?.Handle,
            Milestone = entity.Milestone?.Title,
            DueDate = entity.DueDate,
            SourceBranch = entity.SourceBranch,
            TargetBranch = entity.TargetBranch,
            Sha = entity.Sha,
            MergeCommitSha = entity.MergeCommitSha,
            LabelsJson = List(entity.Labels?.Select(l => l?.Name)),
            AssigneesJson = List(entity.Assignees?.Select(u => u?.Handle)),
            ReviewersJson = List(entity.Reviewers?.Select(u => u?.Handle)),
            MovedToId = entity.MovedToId,
            WebUrl = entity.WebUrl,
            CreatedAt = (entity.CreatedAt ?? throw Missing("created_at")).ToUnixTimeMilliseconds(),
            UpdatedAt = (entity.UpdatedAt ?? throw Missing("updated_at")).ToUnixTimeMilliseconds(),
            MergedAt = entity.MergedAt?.ToUnixTimeMilliseconds(),
            ClosedAt = entity.ClosedAt?.ToUnixTimeMilliseconds(),
        };
        return row with { ContentHash = row.Hash() };
    }

    private static string List(IEnumerable<string?>? names) => JsonList.Write((names ?? []).OfType<string>());

    private string Hash()
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartArray();
            foreach (var text in (ReadOnlySpan<string?>)[
                Title, Description, State, IssueType, Author, Milestone, DueDate, SourceBranch, TargetBranch, Sha, MergeCommitSha, LabelsJson,
                AssigneesJson, ReviewersJson, WebUrl])
            {
                json.WriteStringValue(text);
            }
            json.WriteBooleanValue(Confidential);
            json.WriteBooleanValue(Draft);
            foreach (var number in (ReadOnlySpan<long>)[GitLabId, CreatedAt, MovedToId ?? 0, MergedAt ?? 0, ClosedAt ?? 0])
            {
                json.WriteNumberValue(number);
            }
            json.WriteEndArray();
        }
        return Convert.ToHexStringLower(SHA256.HashData(buffer.GetBuffer().AsSpan(0, (int)buffer.Length)));
    }
}
