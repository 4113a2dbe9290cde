using System.Runtime.InteropServices;
using ArtifactSync.Loader;

namespace ArtifactSync.Tests.Cmdlets;

public class NativeProbeTests
{
    [Fact]
    public void RuntimeIds_OfThisMachine_BeginWithItsOwnAndEndPortable()
    {
        var ids = NativeProbe.RuntimeIds();
        Assert.Equal(RuntimeInformation.RuntimeIdentifier, ids[0]);
        Assert.Matches("^(win|linux|osx)-(x64|arm64|x86|arm)$", ids[^1]);
        Assert.Equal(ids.Distinct(), ids);
    }

    [Fact]
    public void Paths_OfALibrary_TryItsNameWithAndWithoutLib()
    {
        var paths = NativeProbe.Paths("/module/bin", "e_sqlite3").ToList();
        var folder = Path.Combine("/module/bin", "runtimes", NativeProbe.RuntimeIds()[^1], "native");
        Assert.All(paths, p => Assert.StartsWith(Path.Combine("/module/bin", "runtimes"), p, StringComparison.Ordinal));
        Assert.Contains(paths, p => Path.GetDirectoryName(p) == folder && Path.GetFileNameWithoutExtension(p) == "libe_sqlite3");
        Assert.Contains(paths, p => Path.GetDirectoryName(p) == folder && Path.GetFileNameWithoutExtension(p) == "e_sqlite3");
    }

    [Theory]
    [InlineData("../../../etc/evil")]
    [InlineData("sub/lib")]
    [InlineData("sub\\lib")]
    public void Paths_NameThatIsAPath_ProbesNothing(string name) => Assert.Empty(NativeProbe.Paths("/module/bin", name));

    [Fact]
    public void Package_AfterABuild_HoldsTheNativeOfThisMachine() =>
        Assert.Contains(NativeProbe.Paths(Path.Combine(Repository.Root, "out", "ArtifactSync", "bin"), "e_sqlite3"), File.Exists);
}
