using System.Text.Json;
using System.Text.Json.Nodes;
using ArtifactSync.Wire;

namespace ArtifactSync.Tests.Live;

/// <summary>
/// The transcripts of a recorded machine were not recorded, but its artifacts were: before a step in which it published,
/// its archive is given the sessions that its next checkpoint names.
/// </summary>
/// <param name="origin">The machine.</param>
/// <param name="trashes">Whether sessions leave and enter checkpoints by their rows alone, without recorded edits.</param>
internal sealed class OwnSessions(string origin, bool trashes = true)
{
    // Gid to what the session looked like apart from curation, so that edits and replay are not overwritten.
    private readonly Dictionary<string, string> _seeded = new(StringComparer.Ordinal);

    /// <summary>Makes the own rows such that publishing gives the newest own checkpoint that the step added.</summary>
    public void Prepare(ArchiveSql sql, RecordedTree before, RecordedTree after)
    {
        if (NewestCheckpoint(after) is not { } checkpoint || checkpoint == NewestCheckpoint(before))
        {
            return;
        }

        Seed(sql, after, checkpoint);
    }

    /// <summary>Makes the own rows such that publishing gives this checkpoint's sessions.</summary>
    public void Seed(ArchiveSql sql, RecordedTree tree, string checkpoint)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(tree.Files[checkpoint]));
        var current = new HashSet<string>(StringComparer.Ordinal);
        foreach (JsonProperty session in document.RootElement.GetProperty("sessions").EnumerateObject())
        {
            current.Add(session.Name);
            SeedSession(sql, tree, session.Name, session.Value.GetString()!);
        }

        foreach (string gone in _seeded.Keys.Except(current).Where(_ => trashes))
        {
            // The recordings have only this way out of a checkpoint without purge: the trash.
            sql.Execute("UPDATE sessions SET deleted_at = '2026-11-21T05:30:00.000Z' WHERE id = ?1 AND own = 1", Gid.Split(gone).Native);
        }
    }

    private void SeedSession(ArchiveSql sql, RecordedTree tree, string gid, string hash)
    {
        byte[] manifest = WireFiles.Decode(tree, $"{origin}/manifests/{hash}.json.zst");
        string content = WithoutCuration(manifest);
        if (_seeded.GetValueOrDefault(gid) == content)
        {
            if (!trashes)
            {
                return;
            }

            sql.Execute("UPDATE sessions SET deleted_at = NULL WHERE id = ?1 AND own = 1 AND deleted_at IS NOT NULL", Gid.Split(gid).Native);
            return;
        }

        using var document = JsonDocument.Parse(manifest);
        var segments = document.RootElement.Texts("segments").Select(s => WireFiles.Decode(tree, $"{origin}/segments/{s}.ndjson.zst"));
        new RowSeeder(sql).SeedOwn(manifest, segments);
        _seeded[gid] = content;
    }

    /// <summary>Sessions that a step took out of the checkpoint or back into it: they count as published here.</summary>
    public static int MovedWithoutManifest(FolderStep step)
    {
        var own = new OwnSessions(step.Machine);
        Dictionary<string, string> before = own.Map(step.Before);
        Dictionary<string, string> after = own.Map(step.After);
        return before.Keys.Except(after.Keys).Count()
            + after.Count(s => !before.ContainsKey(s.Key) && step.Before.Files.ContainsKey($"{step.Machine}/manifests/{s.Value}.json.zst"));
    }

    public IEnumerable<string> Checkpoints(RecordedTree tree) =>
        tree.Files.Keys.Where(p => WireFiles.Parse(p) is { Kind: ArtifactKind.Checkpoints } c && c.Origin == origin);

    /// <summary>The database is gone: nothing is seeded any more.</summary>
    public void Forget() => _seeded.Clear();

    /// <summary>A session of which only the number is recorded.</summary>
    public static void SeedInvented(ArchiveSql sql, string id, string createdAt)
    {
        var session = new Row
        {
            ["id"] = id, ["project"] = "app", ["agent"] = "claude", ["created_at"] = createdAt, ["message_count"] = 1L,
        };
        using var message = JsonDocument.Parse("""{"content":"own","ordinal":0,"role":"user"}""");
        new RowSeeder(sql).SeedOwn(session, [], [message.RootElement]);
    }

    private Dictionary<string, string> Map(RecordedTree tree)
    {
        if (NewestCheckpoint(tree) is not { } checkpoint)
        {
            return [];
        }

        using var document = JsonDocument.Parse(File.ReadAllBytes(tree.Files[checkpoint]));
        return document.RootElement.GetProperty("sessions").EnumerateObject().ToDictionary(s => s.Name, s => s.Value.GetString()!, StringComparer.Ordinal);
    }

    private string? NewestCheckpoint(RecordedTree tree) => Checkpoints(tree).LastOrDefault();

    private static string WithoutCuration(byte[] manifest)
    {
        JsonNode node = JsonNode.Parse(manifest)!;
        node["session"]!.AsObject().Remove("display_name");
        return node.ToJsonString();
    }
}
