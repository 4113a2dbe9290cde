using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using ArtifactSync.Archive;
using ArtifactSync.Metadata;
using ArtifactSync.Store;

namespace ArtifactSync.Tests.Live;

/// <summary>Recorded requests to the local API of a machine, done through our recorder.</summary>
internal static partial class LocalRequests
{
    /// <summary>What the request asks for; several for a batch.</summary>
    public static List<CurationEdit> Edits(JsonElement step, ArchiveSql sql)
    {
        string[] request = step.Text("request")!.Split(' ');
        string[] path = request[1].Split('/', StringSplitOptions.RemoveEmptyEntries);
        return (request[0], path[2..]) switch
        {
            ("PATCH", ["sessions", var id, "rename"]) => [CurationEdit.SetDisplayName(id, step.GetProperty("body").Text("display_name"))],
            ("PUT", ["sessions", var id, "star"]) => [CurationEdit.SetStarred(id, starred: true)],
            ("DELETE", ["sessions", var id, "star"]) => [CurationEdit.SetStarred(id, starred: false)],
            ("POST", ["sessions", var id, "messages", _, "pin"]) =>
                [CurationEdit.AddPin(id, Ordinal(step), step.GetProperty("body").Text("note"))],
            ("DELETE", ["sessions", var id, "messages", _, "pin"]) => [CurationEdit.RemovePin(id, Ordinal(step))],
            ("DELETE", ["sessions", var id]) => [CurationEdit.SetTrashed(id, trashed: true)],
            ("POST", ["sessions", var id, "restore"]) => [CurationEdit.SetTrashed(id, trashed: false)],
            ("DELETE", ["sessions", var id, "permanent"]) => [CurationEdit.Purge(id)],
            ("POST", ["starred", "bulk"]) => [.. Batch(step).Select(id => CurationEdit.SetStarred(id, starred: true))],
            ("POST", ["sessions", "batch-delete"]) => [.. Batch(step).Select(id => CurationEdit.SetTrashed(id, trashed: true))],
            ("DELETE", ["trash"]) => [.. sql.Texts("SELECT id FROM sessions WHERE deleted_at IS NOT NULL").Select(CurationEdit.Remove)],
            _ => throw new NotSupportedException($"the recorded request '{step.Text("request")}'"),
        };
    }

    /// <summary>Sessions that a request names.</summary>
    public static string? SessionOf(JsonElement step) =>
        step.Text("request")?.Split('/') is [_, _, _, "sessions", var id, ..] ? id.Split(' ')[0] : null;

    public static IReadOnlyList<EditResult> Do(Machine machine, IReadOnlyList<CurationEdit> edits)
    {
        using ArchiveDatabase archive = ArchiveDatabase.Open(machine.Options, ArchiveMode.Create);
        using Lease lease = archive.AcquireLease("recorded-request", TimeSpan.Zero, CancellationToken.None);
        return new Recorder(archive, new LocalEventStore(new LocalStore(archive))).Apply(lease, edits);
    }

    /// <summary>Rows that were changed behind the program's back, as the step tells in words.</summary>
    public static void ChangeRows(string what, ArchiveSql sql)
    {
        int changed = 0;
        foreach (Match match in Named().Matches(what))
        {
            changed += sql.Execute("UPDATE sessions SET display_name = ?2 WHERE id = ?1", match.Groups["id"].Value, match.Groups["name"].Value);
        }

        foreach (Match match in Starred().Matches(what))
        {
            changed += sql.Execute("INSERT INTO starred_sessions(session_id, created_at) VALUES(?1, '')", match.Groups["id"].Value);
        }

        Assert.True(changed > 0, $"not understood: {what}");
    }

    private static IReadOnlyList<string> Batch(JsonElement step) => step.GetProperty("body").Texts("session_ids");

    private static long Ordinal(JsonElement step) =>
        long.Parse(Message().Match(step.Text("do")!).Groups["ordinal"].Value, CultureInfo.InvariantCulture);

    [GeneratedRegex("message (?<ordinal>[0-9]+)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Message();

    [GeneratedRegex("(?<id>\\S+) named \"(?<name>[^\"]*)\"", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Named();

    [GeneratedRegex("(?<id>\\S+) starred", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Starred();
}
