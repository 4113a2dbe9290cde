using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using ArtifactSync.Metadata;
using ArtifactSync.Model;
using ArtifactSync.Wire;

namespace ArtifactSync.Tests.Metadata;

/// <summary>The machines of one recorded run, step by step.</summary>
internal sealed partial class LedgerRecording(string name) : IDisposable
{
    private readonly string _folder = Golden.PathOf($"artifact-live/{name}/folder");
    private readonly Dictionary<string, LedgerMachine> _machines = new(StringComparer.Ordinal);
    private readonly HashSet<string> _arrived = new(StringComparer.Ordinal);

    public void Play(JsonElement step)
    {
        LedgerMachine machine = MachineOf(step.Text("machine")!);
        if (step.Has("request"))
        {
            Edit(machine, step);
        }
        else if (step.Has("rows"))
        {
            Compare(machine, Golden.Load($"artifact-live/{name}/{step.Text("rows")}"));
        }
        else if (step.Has("registers"))
        {
            Assert.Equal(step.GetProperty("registers").GetArrayLength(), LedgerRows.Registers(machine.Db).Count);
            Assert.Equal("", machine.Origin);
        }
        else if (step.Has("target"))
        {
            Sync(machine, step);
        }
        else
        {
            EditRows(machine, step.Text("do")!);
        }
    }

    public void Dispose()
    {
        foreach (LedgerMachine machine in _machines.Values)
        {
            machine.Dispose();
        }
    }

    private LedgerMachine MachineOf(string machine)
    {
        string host = machine.Split('-')[0];
        if (!_machines.TryGetValue(host, out LedgerMachine? known))
        {
            _machines.Add(host, known = new LedgerMachine(origin: null));
            LoadSessions(known, host);
        }

        return known;
    }

    // All sessions that the folder ever shows, and those of the machine's own rows: their arrival is not what is tested here.
    private void LoadSessions(LedgerMachine machine, string host)
    {
        foreach (string directory in Directory.Exists(_folder) ? Directory.GetDirectories(_folder) : [])
        {
            string origin = Path.GetFileName(directory);
            bool own = origin.StartsWith(host + "-", StringComparison.Ordinal);
            foreach ((string native, (long, string)[] messages) in RecordedContent.Sessions(directory))
            {
                machine.AddSession(own ? native : Gid.Join(origin, native), messages);
            }
        }

        string rows = Golden.PathOf($"artifact-live/{name}/rows-{host}.json");
        foreach (JsonElement session in File.Exists(rows) ? Golden.Load($"artifact-live/{name}/rows-{host}.json").GetProperty("sessions")
            .EnumerateArray().ToArray() : [])
        {
            Ensure(machine, session.Text("id")!);
        }
    }

    private static void Ensure(LedgerMachine machine, string id)
    {
        if (LedgerRows.Session(machine.Db, id) is null && !CurationTable.IsExcluded(machine.Db, id))
        {
            machine.AddSession(id, (0, $"{id[..8]}-0001"), (1, $"{id[..8]}-0002"), (2, ""), (3, ""));
        }
    }

    private void Edit(LedgerMachine machine, JsonElement step)
    {
        JsonElement[] events = [.. step.GetProperty("events").EnumerateArray()];
        foreach (JsonElement recorded in events)
        {
            Record(machine, ArtifactName.Meta(machine.Origin, recorded.Text("order_key")!));
        }

        if (events.Length == 0 && step.GetProperty("status").GetInt32() < 300)
        {
            EditLocally(machine, step);
        }
    }

    // An edit without event: before the origin, without effect, or "empty trash".
    private static void EditLocally(LedgerMachine machine, JsonElement step)
    {
        string what = step.Text("do")!;
        if (what == "empty trash")
        {
            string[] trashed = [.. machine.Db.Query("SELECT id FROM sessions WHERE deleted_at IS NOT NULL", static row => row.Text(0))];
            Array.ForEach(trashed, id => machine.Recorder.Remove(machine.Lease, id));
            return;
        }

        int before = machine.Store.Of(machine.Origin).Count();
        string id = IdPattern().Match(what).Value;
        if (machine.Origin.Length == 0)
        {
            Ensure(machine, id);
        }

        CurationEdit edit = what.Split(' ')[0] switch
        {
            "rename" => CurationEdit.SetDisplayName(id, step.GetProperty("body").Text("display_name")),
            "star" => CurationEdit.SetStarred(id, true),
            "unstar" => CurationEdit.SetStarred(id, false),
            "trash" => CurationEdit.SetTrashed(id, true),
            "permanently" => CurationEdit.Purge(id),
            "pin" => CurationEdit.AddPin(id, long.Parse(MessagePattern().Match(what).Groups["ordinal"].Value,
                CultureInfo.InvariantCulture), step.GetProperty("body").Text("note")),
            { } other => throw new InvalidOperationException($"An edit that the test does not know: {other}"),
        };
        Assert.Null(machine.Recorder.Apply(machine.Lease, [edit])[0].Error);
        Assert.Equal(before, machine.Store.Of(machine.Origin).Count());
    }

    // Curation that was put into the database by hand.
    private static void EditRows(LedgerMachine machine, string what)
    {
        Assert.StartsWith("rows only", what, StringComparison.Ordinal);
        machine.Write(db =>
        {
            foreach (Match match in NamedPattern().Matches(what))
            {
                CurationTable.SetDisplayName(db, CurationTable.Find(db, match.Groups["id"].Value)!.Sid, match.Groups["name"].Value);
            }

            foreach (Match match in StarredPattern().Matches(what))
            {
                CurationTable.Star(db, match.Groups["id"].Value, "by hand");
            }
        });
    }

    private void Sync(LedgerMachine machine, JsonElement step)
    {
        if (machine.Origin.Length == 0)
        {
            machine.Adopt(step.Text("machine")!);
        }

        machine.Receive(_arrived.Where(path => !path.StartsWith(machine.Origin + "/", StringComparison.Ordinal)).Select(Load));
        ReplayResult result = machine.Replay();
        Assert.Equal(step.GetProperty("counts").GetProperty("imported_metadata").GetInt64(), result.Imported);
        Assert.DoesNotContain(result.Entities, static e => e.Status == EntityStatus.Quarantined);

        string[] events = [.. step.GetProperty("new_files").EnumerateArray().Select(static f => f.GetString()!)
            .Where(static f => f.Contains("/meta/", StringComparison.Ordinal))];
        _arrived.UnionWith(events);
        string[] baseline = [.. events.Where(path => !machine.Store.Contains(path)).Order(StringComparer.Ordinal)];
        if (step.GetProperty("flags").EnumerateArray().Any(static f => f.GetString() == "--init"))
        {
            IEnumerable<MetadataEvent> ours = CurationTable.Unregistered(machine.Db, machine.Origin);
            Assert.Equal(baseline.Select(path => Tell(EventDocument.Read(Load(path).Bytes))), ours.Select(Tell));
        }

        Array.ForEach(baseline, path => Record(machine, Load(path).Artifact));
    }

    private void Record(LedgerMachine machine, ArtifactRef artifact) => machine.Write(db =>
    {
        byte[] bytes = Load(artifact.Path).Bytes;
        machine.Store.Add(db, artifact, bytes);
        var registers = new RegisterStore(db, machine.Origin, 0);
        registers.Record(EventInspector.Inspect(artifact, bytes, machine.Origin).Entry!);
        registers.Complete();
    });

    private (ArtifactRef Artifact, byte[] Bytes) Load(string path)
    {
        string[] parts = path.Split('/');
        return (ArtifactName.Parse(parts[0], ArtifactKind.Meta, parts[2]), File.ReadAllBytes(Path.Combine(_folder, path)));
    }

    private static void Compare(LedgerMachine machine, JsonElement rows)
    {
        AssertRows(rows, "metadata_replay_state", ["session_gid", "field", "order_key", "origin", "op", "value", "hlc", "artifact_hash"],
            LedgerRows.Registers(machine.Db));
        AssertRows(rows, "metadata_applied_events", ["origin", "order_key"], LedgerRows.Applied(machine.Db));
        AssertRows(rows, "metadata_artifact_provenance", ["origin", "order_key"], LedgerRows.Applied(machine.Db));
        AssertRows(
            rows, "metadata_conflicts",
            ["session_gid", "field", "winning_order_key", "losing_order_key", "winning_origin", "losing_origin", "winning_op",
                "losing_op", "winning_value", "losing_value"],
            LedgerRows.Conflicts(machine.Db));
        AssertRows(rows, "starred_sessions", ["session_id"], LedgerRows.Stars(machine.Db)
            .Where(id => LedgerRows.Session(machine.Db, id) is not null), machine);
        AssertRows(rows, "excluded_sessions", ["id"], LedgerRows.Excluded(machine.Db));
        foreach (JsonElement session in rows.GetProperty("sessions").EnumerateArray())
        {
            CompareSession(machine, rows, session);
        }
    }

    private static void CompareSession(LedgerMachine machine, JsonElement rows, JsonElement recorded)
    {
        string id = recorded.Text("id")!;
        CuratedSession session = LedgerRows.Session(machine.Db, id)!;
        Assert.Equal(recorded.Text("display_name"), session.DisplayName);
        Assert.Equal(recorded.Text("deleted_at") is null, session.DeletedAt is null);
        string? trashedBy = MetadataTable.Find(machine.Db, Gid.ForLocal(machine.Origin, id), RegisterField.DeletedAt)?.Origin;
        if (trashedBy != machine.Origin)
        {
            Assert.Equal(recorded.Text("deleted_at"), session.DeletedAt); // the machine that trashed keeps the time of its own clock there
        }

        Assert.Equal(
            rows.GetProperty("pinned_messages").EnumerateArray().Where(p => p.Text("session_id") == id)
                .Select(static p => $"{p.GetProperty("ordinal")} {(p.Text("note") is { } note ? $"'{note}'" : "NULL")}"),
            LedgerRows.Pins(machine.Db, id));
    }

    private static void AssertRows(JsonElement rows, string table, string[] columns, IEnumerable<string> ours,
        LedgerMachine? present = null)
    {
        IEnumerable<string> recorded = rows.GetProperty(table).EnumerateArray()
            .Where(row => present is null || LedgerRows.Session(present.Db, row.Text("session_id")!) is not null)
            .Select(row => string.Join(' ', columns.Select(column => row.Text(column))));
        Assert.Equal(recorded.Order(StringComparer.Ordinal), ours.Order(StringComparer.Ordinal));
    }

    private static string Tell(MetadataEvent e) => $"{e.Op} {e.SessionGid} {e.Value} {e.Pin?.SourceUuid} {e.Pin?.Ordinal} {e.Pin?.Note}";

    [GeneratedRegex("[^ ]*[0-9a-f]{8}-0000-4000-8000-[0-9]{12}", RegexOptions.NonBacktracking)]
    private static partial Regex IdPattern();

    [GeneratedRegex("message (?<ordinal>[0-9]+)", RegexOptions.NonBacktracking)]
    private static partial Regex MessagePattern();

    [GeneratedRegex("(?<id>[^ ]+) named \"(?<name>[^\"]*)\"", RegexOptions.NonBacktracking)]
    private static partial Regex NamedPattern();

    [GeneratedRegex("(?<id>[^ ]+) starred", RegexOptions.NonBacktracking)]
    private static partial Regex StarredPattern();
}

/// <summary>The sessions of one recorded origin folder, as far as pins need them.</summary>
internal static class RecordedContent
{
    public static IEnumerable<(string Native, (long, string)[] Messages)> Sessions(string directory)
    {
        string manifests = Path.Combine(directory, "manifests");
        return (Directory.Exists(manifests) ? Directory.GetFiles(manifests) : [])
            .Select(static file => ManifestDocument.Read(Decode(ArtifactKind.Manifests, file)))
            .GroupBy(static manifest => manifest.NativeSessionId, StringComparer.Ordinal)
            .Select(group => (group.Key, Messages(directory, group.MaxBy(static m => m.Session.MessageCount)!)));
    }

    private static (long, string)[] Messages(string directory, Manifest manifest) =>
        [.. manifest.Segments.SelectMany(hash =>
            Lines(Decode(ArtifactKind.Segments, Path.Combine(directory, "segments", hash + ".ndjson.zst"))))
            .Select(static line => MessageDocument.Read(Encoding.UTF8.GetBytes(line))).Select(static m => (m.Ordinal, m.SourceUuid))];

    private static string[] Lines(byte[] segment) => Encoding.UTF8.GetString(segment).Split('\n', StringSplitOptions.RemoveEmptyEntries);

    private static byte[] Decode(ArtifactKind kind, string file)
    {
        using FileStream wire = File.OpenRead(file);
        using Stream decoded = ArtifactCodec.OpenDecoded(kind, wire);
        using var bytes = new MemoryStream();
        decoded.CopyTo(bytes);
        return bytes.ToArray();
    }
}
