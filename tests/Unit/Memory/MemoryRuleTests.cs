using ArtifactSync.Memory;

namespace ArtifactSync.Tests.Memory;

/// <summary>Normal forms, times and the version rule (0.3, 0.4, 8.2).</summary>
[Trait("Category", "Memory")]
public sealed class MemoryRuleTests
{
    public static TheoryData<int> Vectors
    {
        get
        {
            var data = new TheoryData<int>();
            for (var i = 0; Golden.Folder is not null && i < Golden.Load("memory/wire/version-vectors.json").GetArrayLength(); i++)
            {
                data.Add(i);
            }

            return data;
        }
    }

    [GoldenTheory]
    [MemberData(nameof(Vectors))]
    public void Wins_OfAVector_IsAsGivenInBothOrders(int index)
    {
        var vector = Golden.Load("memory/wire/version-vectors.json")[index];
        var local = vector.GetProperty("local");
        EntityVersion? stored = local.ValueKind == System.Text.Json.JsonValueKind.Null ? null : new EntityVersion(
            local.Text("time")!, local.GetProperty("cloud_seq") is { ValueKind: System.Text.Json.JsonValueKind.Number } n ? n.GetInt64() : null, VersionState.Live, "");
        var cursor = vector.TryGetProperty("cursor", out var c) ? c.GetInt64() : 0;
        var incoming = vector.GetProperty("incoming");
        foreach (var (order, name) in new[] { (MemoryOrder.LogOrder, "log_order"), (MemoryOrder.Lww, "lww") })
        {
            var wins = new VersionRule(order, cursor, IsPassFromZero: false)
                .Wins(incoming.Text("time")!, incoming.GetProperty("cloud_seq").GetInt64(), stored, hasTime: true);
            Assert.True(wins == (vector.Text(name) == "apply"), $"{name}: {vector.Text("why")}");
        }
    }

    [Theory]
    [InlineData(-1L, "2026-01-01 10:00:00", false)] // a tie loses against what was never sent
    [InlineData(0L, "2026-01-01 10:00:00", true)]   // and wins against what came from a server
    [InlineData(-1L, "2026-01-01 10:00:01", true)]
    [InlineData(0L, "2026-01-01 09:59:59", false)]
    [InlineData(5L, "2026-01-01 10:00:01", false)]  // numbered: as ever
    public void Wins_InAPassFromZero_ComparesUnnumberedByTime(long stored, string time, bool expected) => Assert.Equal(expected,
        new VersionRule(MemoryOrder.LogOrder, 100, IsPassFromZero: true)
            .Wins(time, 3, new EntityVersion("2026-01-01 10:00:00", stored, VersionState.Live, ""), hasTime: true));

    [Theory]
    [InlineData(" Demo--App ", "demo-app")]
    [InlineData("a----b____c", "a-b_c")]
    [InlineData("-_-", "-_-")]
    [InlineData(" \t", "")]
    [InlineData(null, "")]
    public void Project_IsNormalised(string? name, string expected) => Assert.Equal(expected, MemoryText.Project(name));

    [Theory]
    [InlineData(" Personal ", "personal")]
    [InlineData("global", "project")]
    [InlineData("", "project")]
    public void Scope_IsOneOfTwo(string scope, string expected) => Assert.Equal(expected, MemoryText.Scope(scope));

    [Theory]
    [InlineData("  Spaced \t Key ", "spaced-key")]
    [InlineData("  ", null)]
    public void TopicKey_IsNormalised(string key, string? expected) => Assert.Equal(expected, MemoryText.TopicKey(key));

    [Fact]
    public void TopicKey_CutsAtACharacter()
    {
        Assert.Equal(new string('a', 119), MemoryText.TopicKey(new string('a', 119) + "ю"));
        Assert.Equal(new string('a', 120), MemoryText.TopicKey(new string('a', 130)));
    }

    [Fact]
    public void ContentHash_IgnoresCaseAndSpace()
    {
        Assert.Equal(MemoryText.ContentHash("Dup body\n text"), MemoryText.ContentHash("  dup   BODY text "));
        // echo -n "c a1" | sha256sum, as the program recorded it for "C a1"
        Assert.Equal("4046452ad06cc0079acc28a3918281bacd81a4dac8facc5a9f5a8ace295fc909", MemoryText.ContentHash("C a1"));
    }

    [Theory]
    [InlineData("a\0b", "a\uFFFDb")]
    [InlineData("ok 😀", "ok 😀")]
    public void Storable_ReplacesWhatNoServerStores(string text, string expected)
    {
        Assert.Equal(expected, MemoryText.Storable(text));
        Assert.Equal(text == expected, MemoryText.IsStorable(text));
        Assert.Equal("a\uFFFDb", MemoryText.Storable("a" + (char)0xD800 + "b"));
        Assert.False(MemoryText.IsStorable("a" + (char)0xDC00));
    }

    [Theory]
    [InlineData("2026-04-27 08:00:00", "2026-04-27T10:00:00+02:00", 0)]
    [InlineData("2026-04-27", "2026-04-27 00:00:00.0", 0)]
    [InlineData("2026-04-27 08:00:00.5", "2026-04-27T08:00:00.499999999Z", 1)]
    [InlineData("2026-04-27T08:00:00Z", "2026-04-27 23:00:00", -1)]
    public void Times_CompareAsInstants(string left, string right, int expected) =>
        Assert.Equal(expected, Math.Sign(MemoryTime.Parse(left)!.Value.CompareTo(MemoryTime.Parse(right)!.Value)));

    [Theory]
    [InlineData("2026-04-27T08:00:00")]
    [InlineData("2026-04-27 08:00:00Z")]
    [InlineData("2026-13-01")]
    [InlineData("2026-02-30 00:00:00")]
    [InlineData("2026-04-27 24:00:00")]
    [InlineData("2026-04-27 08:00:00.")]
    [InlineData("yesterday")]
    [InlineData("")]
    public void Times_OfAnotherForm_AreNoTime(string text) => Assert.Null(MemoryTime.Parse(text));

    [Theory]
    [Trait("Case", "36")]
    [InlineData(" Cloud ", "cloud")]
    [InlineData("", "cloud")]
    public void Case36_TargetKeys_AddressOneRow(string key, string expected)
    {
        Assert.Equal(expected, MemoryText.TargetKey(key));
        using var machine = new MemoryMachine();
        machine.Change(change =>
        {
            MemoryTargetTable.SetEnqueued(change.Db, key, 5, change.NowMs);
            MemoryTargetTable.SetEnqueued(change.Db, "CLOUD", 7, change.NowMs);
        });
        Assert.Equal(7, machine.Read(db => db.Scalar<long>("SELECT last_enqueued_seq FROM memory_targets")));
        Assert.Equal(1, machine.Read(db => db.Scalar<long>("SELECT count(*) FROM memory_targets")));
    }
}
