using ArtifactSync.Model;
using ArtifactSync.Sync;
using ArtifactSync.Tests.Doubles;

namespace ArtifactSync.Tests.Sync;

/// <summary>The local store is taken away: everything comes back under its names, although cursors said that nothing was new.</summary>
public sealed class LostStoreTests : IDisposable
{
    private readonly TempFolder _root = new();

    public void Dispose() => _root.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Exchange_AfterTheLocalStoreWasLost_RestoresIt(bool shareIsLostToo)
    {
        var share = Path.Combine(_root.Path, "share");
        var other = new TestMachine(Path.Combine(_root.Path, "other"), "other-0a1b2c");
        other.Write("o1", "theirs");
        other.Exchange(share);
        // Hours later for the archive, so that times of directories are old enough to be trusted.
        var clock = ManualClock.AtSystemTime();
        clock.Advance(TimeSpan.FromHours(3));
        var folder = Path.Combine(_root.Path, "own");
        var own = new TestMachine(folder, "own-3d4e5f") { Options = new EngineOptions { ArchivePath = folder, Clock = clock } };
        own.Write("s1", "mine");
        own.Exchange(share);
        own.Exchange(share);
        var before = Files(Path.Combine(folder, "artifacts"));

        Directory.Delete(Path.Combine(folder, "artifacts"), recursive: true);
        if (shareIsLostToo)
        {
            Directory.Delete(share, recursive: true);
        }
        var run = own.Exchange(share);

        Assert.Equal(RunStatus.Succeeded, run.Status);
        var expected = shareIsLostToo ? before.Where(name => name.StartsWith(own.Origin, StringComparison.Ordinal)) : before;
        Assert.Equal(expected, Files(Path.Combine(folder, "artifacts")));
        Assert.Equal(expected, Files(share).Where(expected.Contains));
    }

    private static string[] Files(string folder) =>
        [.. Directory.GetFiles(folder, "*", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(folder, file))
            .Where(name => name != ".store").Order(StringComparer.Ordinal)];
}
