using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Model;
using ArtifactSync.Tests.Doubles;
using ArtifactSync.Wire;

namespace ArtifactSync.Tests.Retention;

/// <summary>What happens to files, in the local store and in a folder: verification names it, repair heals it, then nothing is left to say.</summary>
[Trait("Category", "Retention")]
public sealed class DamageMatrixTests : IDisposable
{
    private readonly TempFolder _root = new();
    private readonly Keeper _author;
    private readonly Keeper _reader;

    public DamageMatrixTests()
    {
        (_author, _reader) = (new Keeper(_root["author"], "author-0a1b2c"), new Keeper(_root["reader"], "reader-3d4e5f"));
        _author.PublishTwice(Share);
        _reader.Exchange(Share);
        Assert.Empty(_reader.Verify());
        Assert.Empty(_reader.Verify(Share));
    }

    public static TheoryData<string, string> Cells
    {
        get
        {
            var cells = new TheoryData<string, string>();
            foreach (var kind in (string[])["segments", "manifests", "checkpoints"])
            {
                foreach (var how in (string[])["flipped", "short", "missing"])
                {
                    cells.Add(kind, how);
                }
            }
            return cells;
        }
    }

    private string Share => _root["share"];

    public void Dispose() => _root.Dispose();

    [Theory]
    [MemberData(nameof(Cells))]
    public void Local_DamagedForeign_IsFetchedFromTheTarget(string kind, string how)
    {
        var (path, good) = Break(_reader.Store, kind, how);
        var finding = Assert.Single(_reader.Verify());
        Assert.Equal(how == "missing" ? ArtifactProblem.Missing : ArtifactProblem.Damaged, finding.Problem);
        Assert.Equal((path, null, FindingAction.Found), (Path(finding), finding.Target, finding.Action));
        Assert.NotNull(finding.RecommendedAction);

        var (run, done) = _reader.Repair([finding], _root.CreateDirectory("empty"), Share);

        Assert.Equal(RunStatus.Succeeded, run.Status);
        Assert.Equal(FindingAction.Refetched, Assert.Single(done).Action);
        Assert.Equal(1, run.Counters.Healed);
        Assert.Equal(good, File.ReadAllBytes(System.IO.Path.Combine(_reader.Store, path)));
        Assert.Empty(_reader.Verify());
        Assert.Equal(how == "missing" ? 0 : 1, _reader.Quarantine().Count);
        _reader.AssertCatalogIsDisk();
    }

    [Theory]
    [MemberData(nameof(Cells))]
    public void Local_DamagedOwnWithoutTarget_IsMadeAgainUnderItsNameAndNumber(string kind, string how)
    {
        var (path, good) = Break(_author.Store, kind, how);
        var (_, done) = _author.Repair(findings: null);
        Assert.Equal(FindingAction.Republished, Assert.Single(done).Action);
        Assert.Equal(good, File.ReadAllBytes(System.IO.Path.Combine(_author.Store, path)));
        Assert.Empty(_author.Verify());
        var after = _author.Exchange(Share);
        Assert.Equal((RunStatus.Succeeded, 0L, 0L), (after.Status, after.Counters.Sent, after.Counters.Published));
    }

    [Theory]
    [MemberData(nameof(Cells))]
    public void Local_DamagedForeignThatNobodyHas_GoesAndComesBackWithAnExchange(string kind, string how)
    {
        var (path, good) = Break(_reader.Store, kind, how);
        var done = _reader.Repair(_reader.Verify()).Done;
        Assert.Equal(how == "missing" ? FindingAction.Awaited : FindingAction.Quarantined, Assert.Single(done).Action);
        Assert.False(File.Exists(System.IO.Path.Combine(_reader.Store, path)));
        Assert.Equal(RunStatus.Succeeded, _reader.Exchange(Share).Status);
        Assert.Equal(good, File.ReadAllBytes(System.IO.Path.Combine(_reader.Store, path)));
        Assert.Empty(_reader.Verify());
    }

    [Theory]
    [MemberData(nameof(Cells))]
    public void Folder_Damaged_IsHealedFromTheLocalStore(string kind, string how)
    {
        var (path, good) = Break(Share, kind, how);
        if (kind == "checkpoints" && how == "missing")
        {
            Assert.DoesNotContain(_reader.Verify(Share), found => Path(found) == path); // the older one is the newest there
            return;
        }
        var findings = _reader.Verify(Share);
        var finding = Assert.Single(findings, found => Path(found) == path);
        Assert.Equal(Share, finding.Target);

        var (run, done) = _reader.Repair(findings);

        Assert.Equal(RunStatus.Succeeded, run.Status);
        Assert.All(done, item => Assert.Equal(FindingAction.Republished, item.Action));
        Assert.Equal(good, File.ReadAllBytes(System.IO.Path.Combine(Share, path)));
        Assert.Empty(_reader.Verify(Share));
    }

    [Fact]
    public void Folder_DamagedAndNoGoodCopyHere_IsLeftAlone()
    {
        var (path, _) = Break(Share, "segments", "flipped");
        Break(_reader.Store, "segments", "flipped");
        var before = File.ReadAllBytes(System.IO.Path.Combine(Share, path));
        var (run, done) = _reader.Repair(_reader.Verify(Share));
        Assert.Equal((RunStatus.Partial, FindingAction.Left), (run.Status, Assert.Single(done).Action));
        Assert.Equal(before, File.ReadAllBytes(System.IO.Path.Combine(Share, path)));
    }

    [Fact]
    public void Folder_AnotherCheckpointUnderOneNumber_IsAConflictThatNobodySettles()
    {
        var path = Live(Share, "checkpoints");
        File.WriteAllText(System.IO.Path.Combine(Share, path), """{"origin":"author-0a1b2c","seq":2,"sessions":{},"v":1}""" + "\n");
        var finding = Assert.Single(_reader.Verify(Share));
        Assert.Equal((ArtifactProblem.Conflict, nameof(ErrorCode.CheckpointConflict)), (finding.Problem, finding.ErrorCode));
        Assert.Equal(FindingAction.Left, Assert.Single(_reader.Repair([finding]).Done).Action);
    }

    [Fact]
    public void Local_StrayAndDuplicateFiles_ArePutAway()
    {
        var segment = System.IO.Path.Combine(_reader.Store, Live(_reader.Store, "segments"));
        File.Copy(segment, segment + " (conflicted copy)");
        File.Copy(segment, System.IO.Path.Combine(System.IO.Path.GetDirectoryName(segment)!, new string('0', 64) + ".ndjson.zst")); // a name that is not its content
        File.WriteAllText(System.IO.Path.Combine(_reader.Store, "readme"), "hello");
        Directory.CreateDirectory(System.IO.Path.Combine(_reader.Store, _author.Origin, "strange"));
        File.WriteAllText(System.IO.Path.Combine(_reader.Store, _author.Origin, "segments", ".tmp-0123456789abcdef"), "half");

        var findings = _reader.Verify();
        Assert.Equal(4, findings.Count(found => found.Problem == ArtifactProblem.Stray));
        Assert.Equal(1, findings.Count(found => found.Problem == ArtifactProblem.Uncatalogued));
        var done = _reader.Repair(findings).Done;

        Assert.All(done, item => Assert.Equal(FindingAction.Quarantined, item.Action));
        Assert.Equal(5, done.Count);
        Assert.Empty(_reader.Verify());
        Assert.Equal(4, Directory.GetFileSystemEntries(System.IO.Path.Combine(_reader.Folder, "quarantine", "stray")).Length);
        Assert.Single(_reader.Quarantine());
    }

    [Fact]
    public void Local_GoodFileThatTheCatalogDoesNotName_EntersIt()
    {
        _reader.Machine.Transact(db => db.Execute("DELETE FROM artifacts WHERE kind = 0"));
        var findings = _reader.Verify();
        Assert.Equal([ArtifactProblem.Uncatalogued, ArtifactProblem.Uncatalogued], findings.Select(found => found.Problem));
        _reader.Repair(findings);
        Assert.Empty(_reader.Verify());
        _reader.AssertCatalogIsDisk();
    }

    [Fact]
    public void Local_FilesOfARunThatIsUnderWay_AreNoFindings()
    {
        File.WriteAllText(System.IO.Path.Combine(_reader.Store, _author.Origin, "segments", ".tmp-0123456789abcdef"), "half");
        using var archive = ArchiveDatabase.Open(_reader.Machine.Options, ArchiveMode.ReadWrite);
        using (var ledger = archive.BeginLedger())
        {
            RunTable.Insert(ledger.Db, new RunStart("20990101T000000.000Z-abcdef", RunKind.Exchange), ProcessIdentity.Current, _reader.Clock.Now);
            ledger.Commit();
        }
        Assert.Empty(_reader.Verify());
    }

    [Fact]
    public void Folder_StrayNames_AreToldAndLeft()
    {
        File.WriteAllText(System.IO.Path.Combine(Share, _author.Origin, "segments", "notes.txt"), "x");
        File.WriteAllText(System.IO.Path.Combine(Share, "readme"), "a valid origin id, and a file");
        var findings = _reader.Verify(Share);
        Assert.Equal(2, findings.Count);
        Assert.All(findings, found => Assert.Equal(ArtifactProblem.Stray, found.Problem));
        Assert.All(_reader.Repair(findings).Done, item => Assert.Equal(FindingAction.Left, item.Action));
        Assert.True(File.Exists(System.IO.Path.Combine(Share, "readme")));
    }

    [UnixFact]
    public void LocalAndFolder_WrongPermissions_AreSet()
    {
        var (mine, theirs) = (Live(_reader.Store, "segments"), Live(Share, "manifests"));
        Privileges.Run("chmod", "000", System.IO.Path.Combine(_reader.Store, mine));
        Privileges.Run("chmod", "644", System.IO.Path.Combine(_reader.Store, Live(_reader.Store, "manifests")));
        Privileges.Run("chmod", "000", System.IO.Path.Combine(Share, theirs));

        var findings = _reader.Verify();
        Assert.Equal(2, findings.Count);
        findings.AddRange(_reader.Verify(Share));
        Assert.Equal(3, findings.Count);
        Assert.All(findings, found => Assert.Equal(ArtifactProblem.Permissions, found.Problem));
        Assert.All(_reader.Repair(findings, Share).Done, item => Assert.Equal(FindingAction.PermissionsSet, item.Action));
        Assert.Empty(_reader.Verify());
        Assert.Empty(_reader.Verify(Share));
    }

    [Fact]
    public void Local_ContentThatBreaksARule_IsQuarantinedAsSuch()
    {
        var checkpoint = ArtifactName.Checkpoint(_author.Origin, 3);
        var bytes = """{"origin": "author-0a1b2c","seq":3,"sessions":{},"v":1}"""u8.ToArray();
        File.WriteAllBytes(System.IO.Path.Combine(Share, checkpoint.Path), bytes);
        _reader.Machine.Run(new ArtifactSync.Sync.ExchangeRequest { Target = Share, NoCollect = true });
        // Import has put it away; a store that never imported has not.
        var other = new Keeper(_root["other"], "other-778899");
        other.Machine.Write("o", "x");
        other.Exchange(_root["elsewhere"]);
        File.WriteAllBytes(System.IO.Path.Combine(other.Store, other.Origin, "checkpoints", checkpoint.Name),
            System.Text.Encoding.UTF8.GetBytes("""{"origin": "other-778899","seq":3,"sessions":{},"v":1}"""));
        other.Repair(findings: null); // adopts what passes the reception
        var finding = Assert.Single(other.Verify());
        Assert.Equal((ArtifactProblem.Invalid, nameof(ErrorCode.DocumentNotCanonical)), (finding.Problem, finding.ErrorCode));
        Assert.Equal(FindingAction.Quarantined, Assert.Single(other.Repair([finding]).Done).Action);
        Assert.Empty(other.Verify());
        Assert.Equal(nameof(ErrorCode.DocumentNotCanonical), Assert.Single(other.Quarantine()).ErrorCode);
    }

    [Fact]
    public void Verify_Quick_ReadsNoContent()
    {
        Break(_reader.Store, "segments", "flipped");
        Assert.Empty(_reader.Verify(quick: true));
        Break(_reader.Store, "manifests", "missing");
        Assert.Equal(ArtifactProblem.Missing, Assert.Single(_reader.Verify(quick: true)).Problem);
        Break(Share, "segments", "missing");
        Assert.Equal(ArtifactProblem.Missing, Assert.Single(_reader.Verify(Share, quick: true)).Problem);
    }

    [Fact]
    public void Repair_WhatIf_SaysTheSameAndWritesNothing()
    {
        var (path, _) = Break(_reader.Store, "segments", "flipped");
        var damaged = File.ReadAllBytes(System.IO.Path.Combine(_reader.Store, path));
        var (run, done) = _reader.Repair(new ArtifactSync.Sync.RepairRequest { Targets = [Share], WhatIf = true });
        Assert.Equal((RunStatus.Planned, null, FindingAction.Planned), (run.Status, run.RunId, Assert.Single(done).Action));
        Assert.Equal(damaged, File.ReadAllBytes(System.IO.Path.Combine(_reader.Store, path)));
    }

    [Fact]
    public void Repair_NothingFound_DoesNothing()
    {
        var (run, done) = _reader.Repair([]);
        Assert.Equal(RunStatus.Succeeded, run.Status);
        Assert.Empty(done);
    }

    private static string Live(string folder, string kind) => Keeper.LiveOf(folder).Single(path => path.Contains($"author-0a1b2c/{kind}/", StringComparison.Ordinal));

    private static (string Path, byte[] Good) Break(string folder, string kind, string how)
    {
        var path = Live(folder, kind);
        var file = System.IO.Path.Combine(folder, path);
        var good = File.ReadAllBytes(file);
        Damage.Do(how, file);
        return (path, good);
    }

    private static string Path(ArtifactFinding finding) => $"{finding.Origin}/{ArtifactName.KindDirectory(finding.Kind!.Value)}/{finding.Name}";
}
