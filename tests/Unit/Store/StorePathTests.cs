using ArtifactSync.Errors;
using ArtifactSync.Store;
using ArtifactSync.Wire;

namespace ArtifactSync.Tests.Store;

public sealed class StorePathTests
{
    [Theory]
    [InlineData("laptop-0a1b2c", true, true)]
    [InlineData("con", true, false)]
    [InlineData("nul", true, false)]
    [InlineData("aux", true, false)]
    [InlineData("prn", true, false)]
    [InlineData("com1", true, false)]
    [InlineData("lpt9", true, false)]
    [InlineData("com10", true, true)]
    [InlineData("console", true, true)]
    [InlineData("con.json", true, false)]
    [InlineData("a:b.json", true, false)]
    [InlineData("a\u0001b", true, false)]
    [InlineData("a.", true, false)]
    [InlineData("a\0b", false, false)]
    [InlineData("", false, false)]
    public void IsPossible_Name_OnUnixAndWindows(string name, bool unix, bool windows)
    {
        Assert.Equal(unix, StorePath.IsPossible(name, windows: false));
        Assert.Equal(windows, StorePath.IsPossible(name, windows: true));
    }

    [Theory]
    [InlineData('a', 255, true), InlineData('a', 256, false), InlineData('é', 127, true), InlineData('é', 128, false)]
    public void IsPossible_LongName_CountsBytes(char letter, int count, bool expected) =>
        Assert.Equal(expected, StorePath.IsPossible(new string(letter, count), windows: false));

    [Theory]
    [InlineData(".."), InlineData("a/b"), InlineData("UPPER"), InlineData(""), InlineData("local")]
    public void Directory_InvalidOrigin_IsRefused(string origin) => Assert.Equal(
        ErrorCode.InvalidOriginId, Assert.Throws<ArtifactSyncException>(() => StorePath.Directory(origin, ArtifactKind.Raw)).Code);
}
