using System.Globalization;
using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Memory.Cloud;

namespace ArtifactSync.Memory.Server;

/// <summary>
/// What the bearer of a token may see. <paramref name="Projects"/>: normalised names in the order of their listing; null = all.
/// </summary>
internal sealed record LogRights(IReadOnlyList<string>? Projects)
{
    public static LogRights All { get; } = new((IReadOnlyList<string>?)null);

    public bool Allow(string project) => Projects is null || Projects.Contains(project, StringComparer.Ordinal);
}

/// <summary>
/// The mutation routes of memory spec 6 over the log in an archive, without anything of HTTP but status and bytes: who maps
/// them has checked the token. Appending is one transaction without the lease: the log is apart from the content of the
/// archive, and a machine may synchronise with itself. Any thread may call.
/// </summary>
internal sealed class MutationLog(ArchiveDatabase archive)
{
    /// <summary>Rows of one page at most.</summary>
    public const int MaxPage = 100;
    private const int DefaultPage = 100;

    private readonly Readers _readers = new(archive);

    /// <summary>All entries or none (6.2).</summary>
    /// <param name="body">At most <see cref="PushBatch.MaxBody"/> bytes; whoever reads it from the wire refuses more with <see
    /// cref="LogAnswer.TooLarge"/>.</param>
    public LogAnswer Push(ReadOnlySpan<byte> body, LogRights rights)
    {
        using var request = PushRequest.Read(body);
        if (request is null)
        {
            return LogAnswer.Plain(400, "The body is no JSON object with a list of entries.");
        }

        var projects = new string[request.Entries.Count];
        for (var i = 0; i < projects.Length; i++)
        {
            projects[i] = MemoryText.Project(PushRequest.TextOf(request.Entries[i], "project"));
        }

        return Refusal(projects, rights) ?? Append(request, projects);
    }

    /// <summary>Texts as they stand in the query; what is no number counts as the default (6.3).</summary>
    public LogAnswer Pull(string? since, string? limit, LogRights rights)
    {
        var from = long.TryParse(since, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : 0;
        var count = int.TryParse(limit, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var rows) && rows > 0
            ? Math.Min(rows, MaxPage) : DefaultPage;
        var first = rights.Projects is { Count: > 0 } names ? names[0] : "";
        if (rights.Projects is { Count: 0 })
        {
            return LogAnswer.Page([], count, first);
        }

        using var reader = _readers.Rent();
        return LogAnswer.Page(MemoryLogTable.Read(reader.Db, from, rights.Projects?.ToHashSet(StringComparer.Ordinal)), count, first);
    }

    private static LogAnswer? Refusal(string[] projects, LogRights rights)
    {
        if (projects.Length > PushBatch.MaxEntries)
        {
            return LogAnswer.Plain(400, $"A request holds at most {PushBatch.MaxEntries} entries.");
        }

        if (projects.Length == 0)
        {
            return LogAnswer.Error(400, "repairable", "empty_batch", "There are no entries.");
        }

        if (projects.Contains(""))
        {
            return LogAnswer.Error(400, "invalid_request", "empty_project", "An entry has no project.");
        }

        return Array.Find(projects, project => !rights.Allow(project)) is { } forbidden ? LogAnswer.Forbidden(forbidden) : null;
    }

    private LogAnswer Append(PushRequest request, string[] projects)
    {
        try
        {
            // The check of pauses, the numbers and their commit are one transaction: nothing comes between.
            using var transaction = archive.BeginLedger();
            if (projects.Distinct(StringComparer.Ordinal).Any(project => MemoryLogTable.IsPaused(transaction.Db, project)))
            {
                return LogAnswer.Paused(projects[0]);
            }

            var entries = Check(request, projects, out var invalid);
            if (invalid.Count > 0)
            {
                return LogAnswer.Invalid(invalid);
            }

            var now = archive.Clock.GetUtcNow();
            var seqs = entries.ConvertAll(entry => MemoryLogTable.Append(transaction.Db, entry, request.CreatedBy, now));
            archive.Options.Checkpoint("log:append");
            transaction.Commit();
            archive.Options.Checkpoint("log:appended");
            return LogAnswer.Accepted(seqs, projects[0]);
        }
        catch (ArtifactSyncException fault)
        {
            return LogAnswer.Plain(500, $"The log could not be written ({fault.Code}).");
        }
    }

    private static List<LogEntry> Check(PushRequest request, string[] projects, out List<(int Index, string Field, string Entity)> invalid)
    {
        var entries = new List<LogEntry>(projects.Length);
        invalid = [];
        for (var i = 0; i < projects.Length; i++)
        {
            if (PushRequest.ReadEntry(request.Entries[i], projects[i], out var field) is { } entry)
            {
                entries.Add(entry);
            }
            else
            {
                invalid.Add((i, field, PushRequest.TextOf(request.Entries[i], "entity")));
            }
        }

        return entries;
    }
}
