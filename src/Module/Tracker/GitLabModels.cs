using System.Text.Json;
using System.Text.Json.Serialization;

namespace ArtifactSync.Tracker;

// What of a response is read (gitlab-api 8). Unknown members are ignored, missing ones tolerated; ids are 64 bit everywhere.

internal sealed record GitLabUser(long? Id, string? Username, string? Name)
{
    /// <summary>What people are called by; null for deleted accounts.</summary>
    public string? Handle => Username ?? Name;
}

internal sealed record GitLabProject(long? Id, string? PathWithNamespace, bool? Archived);

/// <summary>A label as text, or as the object that <c>with_labels_details</c> makes of it.</summary>
[JsonConverter(typeof(GitLabLabelConverter))]
internal sealed record GitLabLabel(long? Id, string? Name);

internal sealed record GitLabMilestone(long? Id, string? Title);

internal sealed record GitLabIssue
{
    public long? Id { get; init; }
    public long? Iid { get; init; }
    public long? ProjectId { get; init; }
    public string? Title { get; init; }
    public string? Description { get; init; }
    public string? State { get; init; }
    public string? IssueType { get; init; }
    public bool? Confidential { get; init; }
    public GitLabUser? Author { get; init; }
    public GitLabMilestone? Milestone { get; init; }
    public string? DueDate { get; init; }
    public List<GitLabLabel?>? Labels { get; init; }
    public List<GitLabUser?>? Assignees { get; init; }
    public List<GitLabUser?>? Reviewers { get; init; }
    public long? MovedToId { get; init; }
    public string? WebUrl { get; init; }
    public DateTimeOffset? CreatedAt { get; init; }
    public DateTimeOffset? UpdatedAt { get; init; }
    public DateTimeOffset? ClosedAt { get; init; }
    public DateTimeOffset? MergedAt { get; init; }
    public bool? Draft { get; init; }
    public bool? WorkInProgress { get; init; }
    public string? SourceBranch { get; init; }
    public string? TargetBranch { get; init; }
    public string? Sha { get; init; }
    public string? MergeCommitSha { get; init; }
}

internal sealed record GitLabDiscussion(string? Id, bool? IndividualNote, List<GitLabNote?>? Notes);

internal sealed record GitLabNote
{
    public long? Id { get; init; }
    public string? Type { get; init; }
    public string? Body { get; init; }
    public GitLabUser? Author { get; init; }
    public bool? System { get; init; }
    public bool? Internal { get; init; }
    public bool? Confidential { get; init; }
    public bool? Resolvable { get; init; }
    public bool? Resolved { get; init; }
    public GitLabUser? ResolvedBy { get; init; }
    public DateTimeOffset? ResolvedAt { get; init; }
    public JsonElement? Position { get; init; }
    public DateTimeOffset? CreatedAt { get; init; }
    public DateTimeOffset? UpdatedAt { get; init; }
}

/// <summary>An event of any of the three kinds.</summary>
internal sealed record GitLabEvent
{
    public long? Id { get; init; }
    public GitLabUser? User { get; init; }
    public DateTimeOffset? CreatedAt { get; init; }
    public string? Action { get; init; }
    public string? State { get; init; }
    public GitLabLabel? Label { get; init; }
    public GitLabMilestone? Milestone { get; init; }
    public string? SourceCommit { get; init; }
    public long? SourceMergeRequestId { get; init; }
}

internal sealed record EmbedRequest(string Model, IReadOnlyList<string> Input);

internal sealed record EmbedResponse(List<List<float>?>? Embeddings);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(GitLabUser))]
[JsonSerializable(typeof(GitLabProject))]
[JsonSerializable(typeof(GitLabIssue))]
[JsonSerializable(typeof(List<GitLabDiscussion>))]
[JsonSerializable(typeof(List<GitLabEvent>))]
[JsonSerializable(typeof(EmbedRequest))]
[JsonSerializable(typeof(EmbedResponse))]
internal sealed partial class GitLabJson : JsonSerializerContext;

internal sealed class GitLabLabelConverter : JsonConverter<GitLabLabel>
{
    public override GitLabLabel Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType == JsonTokenType.String)
        {
            return new GitLabLabel(null, reader.GetString());
        }
        using var document = JsonDocument.ParseValue(ref reader);
        if (document.RootElement.ValueKind != JsonValueKind.Object)
        {
            throw new JsonException("A label is text or an object.");
        }
        var id = document.RootElement.TryGetProperty("id", out var number) && number.TryGetInt64(out var value) ? value : (long?)null;
        var name = document.RootElement.TryGetProperty("name", out var text) && text.ValueKind == JsonValueKind.String ? text.GetString() : null;
        return new GitLabLabel(id, name);
    }

    public override void Write(Utf8JsonWriter writer, GitLabLabel value, JsonSerializerOptions options) => writer.WriteStringValue(value.Name);
}
