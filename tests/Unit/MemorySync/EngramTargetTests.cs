using ArtifactSync.Errors;
using ArtifactSync.Memory.Cloud;

namespace ArtifactSync.Tests.MemorySync;

/// <summary>Addresses of memory servers (memory spec 6.1).</summary>
[Trait("Category", "Memory")]
public sealed class EngramTargetTests
{
    private const string Route = "/sync/pull?project=demo";

    [Theory]
    [Trait("Case", "38")]
    [InlineData("engram+https://host?x=1")]
    [InlineData("engram+https://host/?")]
    [InlineData("engram+https://host#f")]
    [InlineData("engram+https://")]
    [InlineData("engram+https:///path")]
    [InlineData("engram+ftp://host/")]
    [InlineData("engram+host:8080")]
    [InlineData("https://host")]
    [InlineData("engram+https://user:password@host")]
    public void Case38_QueryFragmentOrNoHost_IsRefused(string target) =>
        Assert.Equal(ErrorCode.InvalidTarget, Assert.Throws<ArtifactSyncException>(() => EngramTarget.Parse(target)).Code);

    [Theory]
    [Trait("Case", "38")]
    [InlineData("engram+https://host", "https://host")]
    [InlineData(" engram+HTTPS://Host:443/// ", "https://host")]
    [InlineData("engram+https://host/base/path/", "https://host/base/path")]
    [InlineData("engram+http://127.0.0.1:8080/", "http://127.0.0.1:8080")]
    public void Case38_SlashesAtTheEndGo_ABasePathStays(string target, string address) =>
        Assert.Equal(address, EngramTarget.Text(EngramTarget.Parse(target)));

    [Fact]
    public void PlainHttpToAnotherMachine_HasToBeAllowed()
    {
        Assert.Equal(ErrorCode.TargetInsecure, Assert.Throws<ArtifactSyncException>(() => EngramTarget.Parse("engram+http://host")).Code);
        Assert.Equal("http://host", EngramTarget.Text(EngramTarget.Parse("engram+http://host", allowInsecure: true)));
    }

    /// <summary>What the original accepts, and the path it then asks for (memory-live wire/server-url).</summary>
    [GoldenFact]
    [Trait("Case", "38")]
    [Trait("Replays", "wire/server-url")]
    public void RecordedAddresses_AreAcceptedOrRefusedAsRecorded()
    {
        var cases = Golden.Load("memory-live/results/server-url.json").GetProperty("cases").EnumerateArray().ToList();
        Assert.NotEmpty(cases);
        Assert.All(cases, recorded =>
        {
            var server = recorded.Text("server")!.Replace("PORT", "8080", StringComparison.Ordinal);
            var target = string.Concat(server.AsSpan(0, server.Length - server.TrimStart().Length), "engram+", server.TrimStart());
            if (recorded.GetProperty("path").GetArrayLength() == 0)
            {
                Assert.Throws<ArtifactSyncException>(() => EngramTarget.Parse(target, allowInsecure: true));
                return;
            }

            var address = EngramTarget.Text(EngramTarget.Parse(target, allowInsecure: true));
            Assert.Equal(recorded.GetProperty("path")[0].GetString(), new Uri(address + Route).PathAndQuery);
        });
    }
}
