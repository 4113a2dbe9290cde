using ArtifactSync.Tests.Doubles;

namespace ArtifactSync.Tests.Live;

/// <summary>The recorded case "permissions": parts of the share can't be read or written by the importer.</summary>
[Trait("Category", "Live")]
public sealed class FaultPermissionTests : IDisposable
{
    private const string Importer = "bravo-3d4e5f";
    private const string Segments = "delta-445566/segments";
    private const string Segment = Segments + "/ed1ec1869918d13899f10a39e08cadd305a6c5803fe54b5c54abd0f4479b2ad4.ndjson.zst";
    private const string Checkpoint = "delta-445566/checkpoints/cp-0000000001.json";

    private readonly TempFolder _scratch = new();
    private readonly Machine _machine;

    public FaultPermissionTests() => _machine = new Machine(Importer, _scratch["archive"]);

    private string Share => _scratch["share"];

    public void Dispose() => _scratch.Dispose();

    /// <summary>A fault of one item or origin leaves that out and is told (decisions); only the root of the target ends the run.</summary>
    [OrdinaryUserFact]
    public void Exchange_UnreadablePartsOfShare_LeavesOnlyThoseOut()
    {
        FaultCase recorded = FaultCase.Find("permissions");
        (string Do, Action Change, string? Ours)[] steps =
        [
            ("a segment that the importer lacks is unreadable", () => Mode(Segment, "000"), "Partial AccessDenied"),
            ("readable again", () => Mode(Segment, "644"), null),
            ("the same segment unreadable, importer holds it", () => Mode(Segment, "000"), null),
            ("a checkpoint unreadable that the importer holds", HideCheckpoint, "Partial AccessDenied"),
            ("kind directory unreadable", HideSegments, "Partial AccessDenied"),
            ("target directory not writable, own data to push", CloseShare, "Failed TargetReadOnly"),
            ("writable again", () => Mode("", "777"), null),
        ];
        Assert.Equal(recorded.Steps.Select(s => s.Json.Text("do")), steps.Select(s => s.Do));
        Prepare();
        for (int i = 0; i < steps.Length; i++)
        {
            steps[i].Change();
            OrdinaryUser.Give(_scratch["archive"]);
            (int exit, string message) = OrdinaryUser.Exchange(_machine.Folder, Share);

            Assert.True(
                steps[i].Ours is { } ours ? message.StartsWith(ours, StringComparison.Ordinal) : exit == 0, $"{recorded.Steps[i].Name}: {exit} {message}");
            using ArchiveSql sql = _machine.Open();
            Lines.AssertSame(recorded.Steps[i].Name, recorded.Steps[i].Json.Texts("sessions"), sql.Texts("SELECT id FROM sessions WHERE own = 0 ORDER BY id"));
        }

        Assert.Equal(
            ["checkpoints", "checkpoints", "manifests", "segments"],
            RecordedTree.Read(Path.Combine(Share, Importer)).Files.Keys.Select(p => p.Split('/')[0]));
    }

    /// <summary>The share and an archive with its origin, both the ordinary user's.</summary>
    private void Prepare()
    {
        FaultCase control = FaultCase.Find("control");
        control.WriteShare(control.Steps[0], Share);
        using (ArchiveSql sql = _machine.Open())
        {
            sql.Execute("INSERT INTO archive_state(key, value) VALUES('origin_id', ?1)", Importer);
        }

        OrdinaryUser.Mode(_scratch.Path, "755");
        OrdinaryUser.Give(Share);
    }

    private void Mode(string path, string mode) => OrdinaryUser.Mode(Path.Combine(Share, path), mode);

    /// <summary>Something new beside it, or nobody would look.</summary>
    private void HideCheckpoint()
    {
        Mode(Segment, "644");
        File.WriteAllText(Path.Combine(Share, "delta-445566/checkpoints/stray"), "");
        Mode(Checkpoint, "000");
    }

    private void HideSegments()
    {
        Mode(Checkpoint, "644");
        File.WriteAllText(Path.Combine(Share, Segments, "stray"), "");
        Mode(Segments, "000");
    }

    private void CloseShare()
    {
        Mode(Segments, "755");
        Directory.Delete(Path.Combine(Share, Importer), recursive: true);
        using (ArchiveSql sql = _machine.Open())
        {
            OwnSessions.SeedInvented(sql, "b1000001-0000-4000-8000-000000000001", "2026-11-21T05:00:00.000Z");
        }

        Mode("", "555");
    }
}
