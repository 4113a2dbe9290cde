using ArtifactSync.Errors;
using ArtifactSync.Tests.Doubles;
using ArtifactSync.Transport;

namespace ArtifactSync.Tests.Transport;

public sealed class TargetPathTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly string _archive;

    public TargetPathTests() => _archive = _folder.CreateDirectory("archive");

    public void Dispose() => _folder.Dispose();

    private ErrorCode Refused(string target)
    {
        var before = Entries();
        var code = Assert.Throws<ArtifactSyncException>(() => TargetPath.RequireFolder(target, _archive, create: true)).Code;
        Assert.Equal(before, Entries());
        return code;
    }

    private string[] Entries() =>
        [.. Directory.EnumerateFileSystemEntries(_folder.Path, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];

    [Theory]
    [InlineData("/srv/share", true)]
    [InlineData("share", true)]
    [InlineData("./a:b", true)]
    [InlineData(@"C:\share", true)]
    [InlineData("C:/share", true)]
    [InlineData(@"\\server\share", true)]
    [InlineData("/srv/12:34", true)]
    [InlineData("host:8443", false)]
    [InlineData("host.example:443/path", false)]
    [InlineData("192.168.0.1:80", false)]
    [InlineData("[::1]:8443", false)]
    [InlineData("s3://bucket/prefix", false)]
    [InlineData("https://peer", false)]
    [InlineData("ftp://host/x", false)]
    [InlineData("file:///tmp/x", false)]
    public void IsFolder_Target_FollowsTheRule(string target, bool expected) => Assert.Equal(expected, TargetPath.IsFolder(target));

    [Theory]
    [InlineData("ftp://host/x"), InlineData("file:///tmp/x"), InlineData("host:8443"), InlineData("nonsense://x"), InlineData("://x"), InlineData(""), InlineData(" ")]
    [InlineData("relative/path"), InlineData("/tmp/a\0b")]
    public void Open_NoTarget_InvalidTarget(string target)
    {
        var before = Entries();
        var error = Assert.Throws<ArtifactSyncException>(() => TransportFactory.Open(target, new() { ArchiveFolder = _archive }));
        Assert.Equal(ErrorCode.InvalidTarget, error.Code);
        Assert.Equal(before, Entries());
    }

    [Fact]
    public void Open_UrlWithSecret_TheErrorDoesNotRepeatIt()
    {
        var error = Assert.Throws<ArtifactSyncException>(
            () => TransportFactory.Open("ftp://user:hunter2@host/x", new() { ArchiveFolder = _archive }));
        Assert.DoesNotContain("hunter2", error.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", error.Target?.ToString() ?? "", StringComparison.Ordinal);
    }

    [Fact]
    public void Require_MissingFolder_IsCreatedWithItsParents()
    {
        var target = _folder["a", "b", "share"];
        Assert.Equal(target, TargetPath.RequireFolder(target + Path.DirectorySeparatorChar, _archive, create: true));
        Assert.True(Directory.Exists(target));
    }

    [Fact]
    public async Task Open_DryRun_CreatesAndWritesNothing()
    {
        var before = Entries();
        await using var transport = TransportFactory.Open(_folder["share"], new() { ArchiveFolder = _archive, DryRun = true });
        Assert.Empty(await transport.OriginsAsync());
        Assert.Equal(PutOutcome.Created, await transport.PutAsync(Some.Segment("a"), "12345"));
        Assert.True(await transport.SetAsideDamagedAsync(Some.Segment("b"), default));
        Assert.Empty(await transport.FlushAsync(default));
        Assert.Equal((1, 5, 1), Assert.IsType<DryRunTransport>(transport).Planned);
        Assert.Equal(before, Entries());
    }

    [Fact]
    public async Task Open_DryRun_ReadsWhatIsThere()
    {
        await using (var writer = TransportFactory.Open(_folder["share"], new() { ArchiveFolder = _archive }))
        {
            await writer.PutAsync(Some.Segment("a"), "a");
            await writer.FlushAsync(default);
        }

        await using var transport = TransportFactory.Open(_folder["share"], new() { ArchiveFolder = _archive, DryRun = true });
        Assert.Equal([Some.Origin], await transport.OriginsAsync());
        Assert.Equal([Some.Segment("a").Name], await transport.NamesAsync(Some.Origin, ArtifactSync.Wire.ArtifactKind.Segments));
        Assert.Equal("a", await transport.ReadAsync(Some.Segment("a")));
        Assert.Equal(_folder["share"], transport.Name);
    }

    [Fact]
    public void Require_TheArchiveItself_TargetOverlap() => Assert.Equal(ErrorCode.TargetOverlap, Refused(_archive));

    [Fact]
    public void Require_InsideTheArchive_TargetOverlap() =>
        Assert.Equal(ErrorCode.TargetOverlap, Refused(Path.Combine(_archive, "artifacts", "new")));

    [Fact]
    public void Require_AroundTheArchive_TargetOverlap() => Assert.Equal(ErrorCode.TargetOverlap, Refused(_folder.Path));

    [Fact]
    public void Require_DotsIntoTheArchive_TargetOverlap() =>
        Assert.Equal(ErrorCode.TargetOverlap, Refused(Path.Combine(_folder.Path, "other", "..", "archive", "x")));

    [Fact]
    public void Require_SiblingWithTheSameBeginning_IsFine() =>
        Assert.Equal(_folder["archive2"], TargetPath.RequireFolder(_folder["archive2"], _archive, create: true));

    [UnixFact]
    public void Require_LinkIntoTheArchive_TargetOverlap()
    {
        Directory.CreateSymbolicLink(_folder["link"], _archive);
        Assert.Equal(ErrorCode.TargetOverlap, Refused(_folder["link"]));
        Assert.Equal(ErrorCode.TargetOverlap, Refused(_folder["link", "deep", "new"]));
    }

    [UnixFact]
    public void Require_DanglingLinkIntoTheArchive_TargetOverlap()
    {
        Directory.CreateSymbolicLink(_folder["link"], "archive/not-yet");
        Assert.Equal(ErrorCode.TargetOverlap, Refused(_folder["link"]));
    }

    [UnixFact]
    public void Require_ArchiveReachedThroughLink_TargetOverlap()
    {
        Directory.CreateSymbolicLink(_folder["alias"], _archive);
        var error = Assert.Throws<ArtifactSyncException>(
            () => TargetPath.RequireFolder(Path.Combine(_archive, "x"), _folder["alias"], create: true));
        Assert.Equal(ErrorCode.TargetOverlap, error.Code);
    }

    [UnixFact]
    public void Require_LinksInACircle_InvalidTarget()
    {
        Directory.CreateSymbolicLink(_folder["a"], _folder["b"]);
        Directory.CreateSymbolicLink(_folder["b"], _folder["a"]);
        Assert.Equal(ErrorCode.InvalidTarget, Refused(_folder["a", "x"]));
    }

    [UnixFact]
    public void Require_LinkToAnotherFolder_IsFine()
    {
        using var other = new TempFolder();
        Directory.CreateSymbolicLink(_folder["link"], other.Path);
        Assert.Equal(_folder["link"], TargetPath.RequireFolder(_folder["link"], _archive, create: true));
        TargetPath.RequireFolder(_folder["link", "sub"], _archive, create: true);
        Assert.True(Directory.Exists(other["sub"]));
    }

    [MountFact]
    public void Require_ArchiveMountedElsewhere_TargetOverlapByIdentity()
    {
        var elsewhere = _folder.CreateDirectory("elsewhere");
        using var mount = Mount.Bind(_archive, elsewhere);
        Assert.Equal(ErrorCode.TargetOverlap, Refused(elsewhere));
        Assert.Equal(ErrorCode.TargetOverlap, Refused(Path.Combine(elsewhere, "new")));
    }

    [Fact]
    public void Require_FileInTheWay_TargetNotDirectory()
    {
        _folder.WriteFile("x", "file");
        Assert.Equal(ErrorCode.TargetNotDirectory, Refused(_folder["file"]));
        Assert.Equal(ErrorCode.TargetNotDirectory, Refused(_folder["file", "sub"]));
    }

    [UnixFact]
    public void Require_DanglingLink_TargetNotDirectory()
    {
        Directory.CreateSymbolicLink(_folder["link"], _folder["nowhere"]);
        Assert.Equal(ErrorCode.TargetNotDirectory, Refused(_folder["link"]));
    }

    [PermissionFact]
    public void Require_ParentNotWritable_TargetReadOnly()
    {
        var parent = _folder.CreateDirectory("closed");
        _folder.SetMode(0b111_101_101);
        _folder.SetMode(0b101_101_101, "closed");
        Privileges.RunUnprivileged(() => Assert.Equal(
            ErrorCode.TargetReadOnly,
            Assert.Throws<ArtifactSyncException>(() => TargetPath.RequireFolder(Path.Combine(parent, "new"), _archive, create: true)).Code));
    }
}
