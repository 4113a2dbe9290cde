using ArtifactSync.Errors;
using ArtifactSync.Store;
using ArtifactSync.Tests.Doubles;
using ArtifactSync.Transport;
using ArtifactSync.Wire;

namespace ArtifactSync.Tests.Transport;

/// <summary>The hazards of a shared folder (spec 2.3-2.5, 14.9), each confined to what it hits.</summary>
public sealed class FolderTransportTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly ManualClock _clock = ManualClock.AtSystemTime();

    public void Dispose() => _folder.Dispose();

    private FolderTransport Open(FolderIO? io = null) => new(_folder.Path, _clock, io);

    private async Task<ArtifactRef> PutAsync(string seed, string origin = Some.Origin)
    {
        await using var transport = Open();
        var artifact = Some.Segment(seed, origin);
        await transport.PutAsync(artifact, seed);
        Assert.Empty(await transport.FlushAsync(default));
        return artifact;
    }

    private static async Task<ErrorCode> CodeOf(Func<Task> action) => (await Assert.ThrowsAsync<ArtifactSyncException>(action)).Code;

    [UnixFact]
    public async Task ListOrigins_LinkAndFileAmongThem_AreLeftOutAndTold()
    {
        await PutAsync("a", "good-000001");
        _folder.WriteFile("x", "readme");
        Directory.CreateSymbolicLink(_folder["linked-000001"], _folder["good-000001"]);
        var faults = new List<(string Origin, ErrorCode Code, object? Target)>();
        await using var transport = Open();

        var origins = await transport.ListOriginsAsync((origin, error) => faults.Add((origin, error.Code, error.Target)), default);

        Assert.Equal(["good-000001"], origins);
        Assert.Equal(
            [("linked-000001", ErrorCode.TargetEntryInvalid, _folder["linked-000001"]), ("readme", ErrorCode.TargetEntryInvalid, _folder["readme"])],
            faults.OrderBy(fault => fault.Origin, StringComparer.Ordinal));
    }

    [Fact]
    public async Task ListOrigins_NamesThatAreNone_AreCountedOnly()
    {
        _folder.WriteFile("x", "README.md");
        _folder.CreateDirectory("Upper");
        _folder.CreateDirectory("local");
        _folder.CreateDirectory(".stfolder");
        _folder.CreateDirectory("a_b");
        await using var transport = Open();
        Assert.Empty(await transport.OriginsAsync());
        Assert.Equal(new IgnoredNames(0, 0, 0, Stray: 5), transport.Ignored);
    }

    [Theory]
    [InlineData(true), InlineData(false)]
    public async Task AnyCall_KindIsLinkOrFile_FailsForThatKindOnly(bool link)
    {
        var good = await PutAsync("a");
        var manifest = Some.Artifact(ArtifactKind.Manifests, "m");
        if (link)
        {
            _folder.CreateDirectory("elsewhere.d");
            Directory.CreateSymbolicLink(_folder[Some.Origin, "manifests"], _folder["elsewhere.d"]);
        }
        else
        {
            _folder.WriteFile("x", Some.Origin, "manifests");
        }

        await using var transport = Open();
        Assert.Equal(ErrorCode.TargetEntryInvalid, await CodeOf(() => transport.NamesAsync(Some.Origin, ArtifactKind.Manifests)));
        Assert.Equal(ErrorCode.TargetEntryInvalid, await CodeOf(() => transport.GetListingTokenAsync(Some.Origin, ArtifactKind.Manifests, default)));
        Assert.Equal(ErrorCode.TargetEntryInvalid, await CodeOf(() => transport.OpenReadAsync(manifest, default)));
        Assert.Equal(ErrorCode.TargetEntryInvalid, await CodeOf(() => transport.PutAsync(manifest, "x")));
        Assert.Equal(ErrorCode.TargetEntryInvalid, await CodeOf(() => transport.SetAsideDamagedAsync(manifest, default)));
        Assert.Equal([good.Name], await transport.NamesAsync(Some.Origin, ArtifactKind.Segments));
        Assert.Equal(PutOutcome.Created, await transport.PutAsync(Some.Segment("b"), "b"));
        Assert.Empty(await transport.FlushAsync(default));
        if (link)
        {
            Assert.Empty(Directory.EnumerateFileSystemEntries(_folder["elsewhere.d"]));
        }
    }

    [UnixFact]
    public async Task AnyCall_OriginBecameLink_WritesNothingThroughIt()
    {
        _folder.CreateDirectory("elsewhere.d", "segments");
        Directory.CreateSymbolicLink(_folder[Some.Origin], _folder["elsewhere.d"]);
        await using var transport = Open();
        Assert.Equal(ErrorCode.TargetEntryInvalid, await CodeOf(() => transport.PutAsync(Some.Segment("a"), "x")));
        Assert.Equal(ErrorCode.TargetEntryInvalid, await CodeOf(() => transport.NamesAsync(Some.Origin, ArtifactKind.Segments)));
        Assert.Empty(_folder.Files());
    }

    [LinuxFact]
    public async Task List_NamesThatAreNoFiles_AreFaultsOfThoseArtifactsOnly()
    {
        var good = await PutAsync("good");
        var (link, directory, pipe) = (Some.Segment("link"), Some.Segment("directory"), Some.Segment("pipe"));
        File.CreateSymbolicLink(_folder[link.Path], _folder[good.Path]);
        _folder.CreateDirectory(directory.Path);
        Privileges.Run("mkfifo", _folder[pipe.Path]);
        var faults = new List<(ArtifactRef Artifact, ArtifactSyncException Error)>();
        await using var transport = Open();

        Assert.Equal([good.Name], await transport.NamesAsync(Some.Origin, ArtifactKind.Segments, faults));

        Assert.Equal(
            new[] { link, directory, pipe }.Select(artifact => artifact.Path).Order(StringComparer.Ordinal),
            faults.Select(fault => fault.Artifact.Path).Order(StringComparer.Ordinal));
        Assert.All(faults, fault => Assert.Equal((ErrorCode.TargetEntryInvalid, _folder[fault.Artifact.Path]), (fault.Error.Code, fault.Error.Target)));
        foreach (var artifact in new[] { link, directory, pipe })
        {
            Assert.Equal(ErrorCode.TargetEntryInvalid, await CodeOf(() => transport.OpenReadAsync(artifact, default)));
            Assert.Equal(ErrorCode.TargetEntryInvalid, await CodeOf(() => transport.PutAsync(artifact, "x")));
            Assert.Equal(ErrorCode.TargetEntryInvalid, await CodeOf(() => transport.SetAsideDamagedAsync(artifact, default)));
        }

        Assert.Equal("good", await transport.ReadAsync(good));
    }

    [Fact]
    public async Task List_StrayNames_AreCountedByTheirSort()
    {
        var good = await PutAsync("good");
        var stem = Path.ChangeExtension(good.Name, null);
        _folder.WriteFile("x", Some.Origin, "segments", ".tmp-0123456789abcdef");
        _folder.WriteFile("x", Some.Origin, "segments", good.Name + ".corrupt");
        _folder.WriteFile("x", Some.Origin, "segments", good.Name + ".corrupt-0123456789abcdef");
        _folder.WriteFile("x", Some.Origin, "segments", stem + ".sync-conflict-20260101-120000-ABCDEFG.zst");
        _folder.WriteFile("x", Some.Origin, "segments", stem + " (laptop's conflicted copy 2026-01-01).zst");
        _folder.WriteFile("x", Some.Origin, "segments", good.Name.ToUpperInvariant());
        _folder.WriteFile("x", Some.Origin, "segments", "desktop.ini");
        _folder.WriteFile("x", Some.Origin, "segments", good.Name + ".rejected");
        await using var transport = Open();
        Assert.Equal([good.Name], await transport.NamesAsync(Some.Origin, ArtifactKind.Segments));
        Assert.Equal(new IgnoredNames(Temporary: 1, ConflictCopies: 2, SetAside: 2, Stray: 3), transport.Ignored);
    }

    [Fact]
    public async Task List_EventNamedLikeATemporary_IsIgnored()
    {
        _folder.WriteFile("x", Some.Origin, "meta", $".tmp-x-{Some.Hash("x")}.json");
        await using var transport = Open();
        Assert.Empty(await transport.NamesAsync(Some.Origin, ArtifactKind.Meta));
        Assert.Equal(1, transport.Ignored.Temporary);
    }

    [UnixFact]
    public async Task Target_IsLinkToFolder_IsUsedAsThatFolder()
    {
        using var other = new TempFolder();
        var link = other["link"];
        Directory.CreateSymbolicLink(link, _folder.Path);
        await using var transport = new FolderTransport(link, _clock);
        await transport.PutAsync(Some.Segment("a"), "x");
        Assert.Empty(await transport.FlushAsync(default));
        Assert.Equal([Some.Segment("a").Path], _folder.Files());
    }

    [Fact]
    public async Task AnyCall_RootMissing_ListsNothingAndWritesNothing()
    {
        await using var transport = new FolderTransport(_folder["gone"], _clock);
        Assert.Empty(await transport.OriginsAsync());
        Assert.Empty(await transport.NamesAsync(Some.Origin, ArtifactKind.Raw));
        Assert.Equal(ErrorCode.TargetNotFound, await CodeOf(() => transport.PutAsync(Some.Segment("a"), "x")));
        Assert.False(Directory.Exists(_folder["gone"]));
    }

    [UnixFact]
    public async Task Put_InAShare_OthersMayReadAndOnlyFinishedFiles()
    {
        string? whileWritten = null;
        var io = new FaultyIO { Before = (step, _, _) => whileWritten ??= step == "mode" ? _folder.GetMode(Temporary()) : null };
        await using var transport = Open(io);
        await transport.PutAsync(Some.Segment("a"), "x");
        Assert.Empty(await transport.NamesAsync(Some.Origin, ArtifactKind.Segments));
        await transport.FlushAsync(default);

        Assert.Equal("rw-------", whileWritten);
        Assert.Equal("rw-r--r--", _folder.GetMode(Some.Segment("a").Path));

        string Temporary() => Directory.GetFiles(_folder[Some.Origin, "segments"], ".tmp-*").Single();
    }

    [Fact]
    public async Task Flush_NameTakenMeanwhile_IsToldAndNothingReplaced()
    {
        var artifact = Some.Segment("a");
        await using var transport = Open();
        await transport.PutAsync(artifact, "ours");
        await transport.PutAsync(Some.Segment("b"), "b");
        _folder.WriteFile("theirs", artifact.Path);

        Assert.Equal([new UnsettledPut(artifact, null)], await transport.FlushAsync(default));

        Assert.Equal("theirs", await transport.ReadAsync(artifact));
        Assert.Equal("b", await transport.ReadAsync(Some.Segment("b")));
        Assert.Equal(2, _folder.Files().Length);
    }

    [Fact]
    public async Task Flush_OneNameFails_TheOthersAreThere()
    {
        var bad = Some.Segment("bad");
        var io = new FaultyIO { Before = (step, path, _) => Fail(step == "publish" && path.EndsWith(bad.Name, StringComparison.Ordinal)) };
        await using var transport = Open(io);
        await transport.PutAsync(bad, "x");
        await transport.PutAsync(Some.Segment("good"), "x");

        var unsettled = Assert.Single(await transport.FlushAsync(default));

        Assert.Equal((bad, ErrorCode.TargetReadOnly), (unsettled.Artifact, unsettled.Error!.Code));
        Assert.Equal([Some.Segment("good").Path], _folder.Files());
        static void Fail(bool now)
        {
            if (now)
            {
                throw new UnauthorizedAccessException();
            }
        }
    }

    [Fact]
    public async Task Put_KilledBeforeTheName_ShowsNothingAndIsDoneAgain()
    {
        // As a killed process leaves it: staged, never flushed, never disposed.
        var killed = Open();
        await killed.PutAsync(Some.Segment("a"), "x");

        await using var transport = Open();
        Assert.Empty(await transport.NamesAsync(Some.Origin, ArtifactKind.Segments));
        Assert.Equal(1, transport.Ignored.Temporary);
        Assert.Equal(PutOutcome.Created, await transport.PutAsync(Some.Segment("a"), "x"));
        Assert.Empty(await transport.FlushAsync(default));
        Assert.Equal("x", await transport.ReadAsync(Some.Segment("a")));
        await killed.DisposeAsync();
    }

    [Fact]
    public async Task Dispose_WithoutFlush_RemovesWhatWasStaged()
    {
        await using (var transport = Open())
        {
            await transport.PutAsync(Some.Segment("a"), "x");
            Assert.Single(_folder.Files());
        }

        Assert.Empty(_folder.Files());
    }

    [Fact]
    public async Task SetAside_Twice_KeepsTheLaterOne()
    {
        var artifact = await PutAsync("a");
        await using var transport = Open();
        Assert.True(await transport.SetAsideDamagedAsync(artifact, default));
        await transport.PutAsync(artifact, "second");
        await transport.FlushAsync(default);
        Assert.True(await transport.SetAsideDamagedAsync(artifact, default));
        Assert.Equal([artifact.Path + ".corrupt"], _folder.Files());
        Assert.Equal("second", await File.ReadAllTextAsync(_folder[artifact.Path + ".corrupt"]));
    }

    [Fact]
    public async Task SetAside_BesideTheReleasedFormat_TouchesNothing()
    {
        var artifact = await PutAsync("a");
        _folder.WriteFile("{}", FolderTransport.ReleasedMarker);
        var before = _folder.Files();
        await using var transport = Open();
        Assert.False(await transport.SetAsideDamagedAsync(artifact, default));
        Assert.Equal(before, _folder.Files());
        Assert.Equal(PutOutcome.Created, await transport.PutAsync(Some.Segment("b"), "x"));
        Assert.Empty(await transport.FlushAsync(default));
    }

    [Fact]
    public async Task Token_OfADirectoryThatJustChanged_IsNotGiven()
    {
        await PutAsync("a");
        await using var transport = Open();
        Assert.Null(await transport.GetListingTokenAsync(Some.Origin, ArtifactKind.Segments, default));
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Null(await transport.GetListingTokenAsync(Some.Origin, ArtifactKind.Segments, default));
    }

    [LinuxFact]
    public async Task Token_OfARestedDirectory_TellsEveryChange()
    {
        await PutAsync("a");
        var directory = _folder[Some.Origin, "segments"];
        await using var transport = Open();
        _clock.Advance(TimeSpan.FromSeconds(10));
        Task<string?> Token() => transport.GetListingTokenAsync(Some.Origin, ArtifactKind.Segments, default);
        var first = await Token();
        Assert.NotNull(first);

        // A copying tool that puts the time of the directory back.
        var stamp = _folder.WriteFile("", "stamp.d");
        Privileges.Run("touch", "-r", directory, stamp);
        _folder.WriteFile("x", Some.Segment("b").Path);
        Privileges.Run("touch", "-r", stamp, directory);
        var second = await Token();
        Assert.NotEqual(first, second);

        // Another directory of the same name and time.
        Directory.Move(directory, directory + ".old");
        Directory.CreateDirectory(directory);
        Privileges.Run("touch", "-r", stamp, directory);
        Assert.NotEqual(second, await Token());
    }

    [Fact]
    public async Task Token_OfNoDirectory_HoldsUntilThereIsOne()
    {
        await using var transport = Open();
        var none = await transport.GetListingTokenAsync(Some.Origin, ArtifactKind.Segments, default);
        Assert.NotNull(none);
        await PutAsync("a");
        Assert.NotEqual(none, await transport.GetListingTokenAsync(Some.Origin, ArtifactKind.Segments, default));
    }

    [Fact]
    public async Task Put_NameNoFileCanBear_IsRefusedAlone()
    {
        var artifact = ArtifactName.Meta(Some.Origin, $"{new string('9', 300)}-{Some.Hash("x")}");
        await using var transport = Open();
        Assert.Equal(ErrorCode.InvalidArtifactName, await CodeOf(() => transport.PutAsync(artifact, "x")));
        Assert.Equal(PutOutcome.Created, await transport.PutAsync(Some.Segment("b"), "x"));
    }
}
