using System.Globalization;
using ArtifactSync.Errors;
using ArtifactSync.Model;

namespace ArtifactSync.Tracker;

/// <summary>The project of a run, as the server has it.</summary>
internal sealed record ResolvedProject(string InstanceUrl, long Id, string Path, bool Archived, DateTimeOffset FetchedAt, long? UserId);

/// <summary>One item with everything that belongs to it, fetched completely.</summary>
/// <param name="FetchedAt">Taken before the item itself was asked for: what is written with it may be newer, never older.</param>
internal sealed record FetchedItem(TrackedItem Item, DateTimeOffset FetchedAt, EntityRow Entity, BundlePart Raw, FetchedChildren Children);

internal sealed record FetchedChildren(FetchedList Discussions, FetchedList LabelEvents, FetchedList StateEvents, FetchedList MilestoneEvents);

/// <summary>Phase 1 (surgical spec 3): everything is fetched before anything is written. Holds no lock and writes nothing.</summary>
internal sealed class Preflight(GitLabClient client, BundleStore bundle, string instance, TimeProvider clock)
{
    private readonly GitLabPager _pager = new(client, bundle);

    /// <summary>The project, and who asks; a move within the server is followed once.</summary>
    /// <exception cref="GitLabFault">ProjectNotFound, ProjectMoved, Auth..., or trouble on the way.</exception>
    public async Task<ResolvedProject> ResolveAsync(string project, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var user = client.HasToken ? UserAsync(cancellationToken) : Task.FromResult<long?>(null);
        try
        {
            var found = await ProjectAsync(project, cancellationToken);
            var path = found.PathWithNamespace ?? project;
            return new ResolvedProject(
                instance, found.Id ?? throw new GitLabFault(ErrorCode.InvalidResponse, $"The project '{project}' has no id."),
                path, found.Archived ?? false, now, await user);
        }
        catch
        {
            await Task.WhenAny(user); // seen to: its own trouble is the same
            throw;
        }
    }

    /// <summary>The item and its lists.</summary>
    /// <exception cref="GitLabFault">NotFound, PayloadMismatch, ...</exception>
    public async Task<FetchedItem> FetchAsync(ResolvedProject project, TrackedItem item, CancellationToken cancellationToken)
    {
        var fetchedAt = clock.GetUtcNow();
        var path = ItemPath(project.Id, item);
        var response = await client.GetAsync(path, cancellationToken);
        if (response.Location is not null)
        {
            throw new GitLabFault(ErrorCode.InvalidResponse, $"{item} redirects elsewhere.", 301);
        }
        var entity = GitLabText.Parse(response.Body, GitLabJson.Default.GitLabIssue, item.ToString());
        if (entity.Iid != item.Iid || entity.ProjectId != project.Id)
        {
            throw new GitLabFault(
                ErrorCode.PayloadMismatch,
                $"Asked for {item} of project {project.Id}, the server sent {item.EntityType} {entity.Iid} of project {entity.ProjectId}.", 200);
        }
        var row = EntityRow.Of(item, entity);

        var discussions = _pager.ReadAsync(path + "/discussions", GitLabJson.Default.ListGitLabDiscussion, cancellationToken);
        var labels = _pager.ReadAsync(path + "/resource_label_events", GitLabJson.Default.ListGitLabEvent, cancellationToken);
        var states = _pager.ReadAsync(path + "/resource_state_events", GitLabJson.Default.ListGitLabEvent, cancellationToken);
        var milestones = _pager.ReadAsync(path + "/resource_milestone_events", GitLabJson.Default.ListGitLabEvent, cancellationToken);
        await Task.WhenAll(discussions, labels, states, milestones);
        return new FetchedItem(item, fetchedAt, row, bundle.Add(response.Body),
            new FetchedChildren(await discussions, await labels, await states, await milestones));
    }

    private static string ItemPath(long project, TrackedItem item) => string.Create(
        CultureInfo.InvariantCulture, $"projects/{project}/{(item.EntityType == TrackedItem.Issue ? "issues" : "merge_requests")}/{item.Iid}");

    private async Task<GitLabProject> ProjectAsync(string project, CancellationToken cancellationToken)
    {
        try
        {
            var response = await client.GetAsync("projects/" + Uri.EscapeDataString(project), cancellationToken);
            if (response.Location is { } location)
            {
                // Only the number is taken: the address itself may point anywhere.
                response = MovedTo(location) is { } id
                    ? await client.GetAsync("projects/" + id, cancellationToken)
                    : throw Moved(project, location);
                if (response.Location is { } further)
                {
                    throw Moved(project, further);
                }
            }
            return GitLabText.Parse(response.Body, GitLabJson.Default.GitLabProject, $"project {project}");
        }
        catch (GitLabFault fault) when (fault.Code == ErrorCode.NotFound)
        {
            throw fault.As(ErrorCode.ProjectNotFound, $"There is no project '{project}' at {instance} that this token may see.");
        }
    }

    private string? MovedTo(Uri location)
    {
        var own = new Uri(instance + "/api/v4/projects/");
        return Uri.Compare(location, own, UriComponents.SchemeAndServer, UriFormat.Unescaped, StringComparison.OrdinalIgnoreCase) == 0
            && location.AbsolutePath.StartsWith(own.AbsolutePath, StringComparison.Ordinal)
            && location.AbsolutePath[own.AbsolutePath.Length..] is var id && id.Length > 0 && id.All(char.IsAsciiDigit) ? id : null;
    }

    private static GitLabFault Moved(string project, Uri location) => new(
        ErrorCode.ProjectMoved, $"The project '{project}' has moved to '{location.GetLeftPart(UriPartial.Path)}'.", 301);

    /// <summary>Whose view of the project this is; null when the token can't say (that of a job, or of narrow scope).</summary>
    private async Task<long?> UserAsync(CancellationToken cancellationToken)
    {
        try
        {
            var response = await client.GetAsync("user", cancellationToken);
            return response.Location is null ? GitLabText.Parse(response.Body, GitLabJson.Default.GitLabUser, "user").Id : null;
        }
        catch (GitLabFault fault) when (fault.Code is ErrorCode.Forbidden or ErrorCode.InsufficientScope or ErrorCode.NotFound
            or ErrorCode.InvalidResponse)
        {
            return null;
        }
    }
}
