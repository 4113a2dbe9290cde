using System.Security;
using System.Text.Json;
using System.Text.Json.Serialization;
using ArtifactSync.Errors;
using ArtifactSync.Model;
using ArtifactSync.Tracker;

namespace ArtifactSync.Sync;

/// <summary>Single issues and merge requests of one GitLab project (surgical spec 1).</summary>
public sealed record SurgicalRequest
{
    public const int DefaultMaxEntities = 100;
    public const int DefaultParallel = 8;

    /// <summary>Address of the server, e.g. <c>https://gitlab.com</c>.</summary>
    public required string GitLabUri { get; init; }
    /// <summary>Path or number.</summary>
    public required string Project { get; init; }
    /// <summary>In the order asked for; one asked for twice is fetched once.</summary>
    public required IReadOnlyList<TrackedItem> Items { get; init; }
    public SecureString? Token { get; init; }
    /// <summary>Fetch everything and report; write only the ledger.</summary>
    public bool PreflightOnly { get; init; }
    public bool NoDocs { get; init; }
    public bool NoEmbed { get; init; }
    /// <summary>Null = there is no embedding server: the stage is skipped.</summary>
    public EmbedTarget? Embed { get; init; }
    public int MaxEntities { get; init; } = DefaultMaxEntities;
    /// <summary>Requests at one time (1-64).</summary>
    public int Parallel { get; init; } = DefaultParallel;
    /// <summary>How long one attempt of a request may take; null = a minute.</summary>
    public TimeSpan? RequestTimeout { get; init; }
    public string? ParentRunId { get; init; }
    /// <summary>Of a retry: items that are not tried again, with the code that stands against it.</summary>
    internal IReadOnlyList<(TrackedItem Item, ErrorCode Code)> LeftOut { get; init; } = [];

    /// <summary>The last stage that these options demand: success there is success.</summary>
    internal string LastStage => NoDocs ? "dependents" : NoEmbed || Embed is null ? "docs" : "embed";

    /// <summary>The request in its normal form.</summary>
    /// <exception cref="ArtifactSyncException">InvalidArgument, InvalidTarget, EmbedInsecure: before anything is asked or written.</exception>
    internal SurgicalRequest Check()
    {
        if (NoDocs && !NoEmbed)
        {
            throw Invalid("In surgical mode, -NoDocs requires -NoEmbed: embedding without new documents would take on unrelated ones.");
        }
        var items = Items.Distinct().ToArray();
        if (items.Length == 0 && LeftOut.Count == 0 && ParentRunId is null)
        {
            throw Invalid("Name at least one item with -Issue or -MergeRequest.");
        }
        if (Array.Find(items, i => i.Iid < 1 || i.EntityType is not (TrackedItem.Issue or TrackedItem.MergeRequest)) is { } odd)
        {
            throw Invalid($"'{odd}' is no item: types are {TrackedItem.Issue} and {TrackedItem.MergeRequest}, numbers begin with 1.");
        }
        if (items.Length > MaxEntities)
        {
            throw Invalid($"{items.Length} items are asked for at once; {MaxEntities} are allowed. Raise -MaxEntities if that is meant.");
        }
        if (string.IsNullOrWhiteSpace(Project))
        {
            throw Invalid("Name the project with -Project: its path, such as group/app, or its number.");
        }
        return this with { GitLabUri = GitLabAddress.Normalize(GitLabUri), Project = Project.Trim('/'), Items = items, Embed = Embed?.Check() };
    }

    private ArtifactSyncException Invalid(string message) => new(ErrorCode.InvalidArgument, message, Project);
}

/// <summary>What the ledger keeps of a request, to do the same again. Holds no secret.</summary>
internal sealed record SurgicalRecord(
    IReadOnlyList<TrackedItem> Items, bool PreflightOnly, bool NoDocs, bool NoEmbed, string? EmbedUri, string? EmbedModel, bool EmbedRequired,
    int MaxEntities)
{
    public static string Write(SurgicalRequest request) => JsonSerializer.Serialize(
        new SurgicalRecord(
            request.Items, request.PreflightOnly, request.NoDocs, request.NoEmbed, request.Embed?.Uri, request.Embed?.Model,
            request.Embed?.IsRequired ?? false, request.MaxEntities),
        SurgicalRecordJson.Default.SurgicalRecord);

    public static SurgicalRecord Read(string json) => JsonSerializer.Deserialize(json, SurgicalRecordJson.Default.SurgicalRecord)!;

    public EmbedTarget? Embed => EmbedUri is null ? null : new EmbedTarget(EmbedUri, EmbedModel ?? EmbedTarget.DefaultModel, EmbedRequired);
}

/// <summary>What a run settles about itself: where success lies, and in whose view it was made.</summary>
internal sealed record SurgicalOptions(string LastStage, long? ProjectId, long? UserId)
{
    public string Write() => JsonSerializer.Serialize(this, SurgicalRecordJson.Default.SurgicalOptions);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(SurgicalRecord))]
[JsonSerializable(typeof(SurgicalOptions))]
internal sealed partial class SurgicalRecordJson : JsonSerializerContext;
